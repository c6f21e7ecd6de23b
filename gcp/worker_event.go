package gcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/core/worker"
	"github.com/labelhook/labelhook/gcp/internal/message"
)

// The types of Eventarc's events
// (https://cloud.google.com/eventarc/docs/reference/supported-events).
const (
	published = "google.cloud.pubsub.topic.v1.messagePublished"
	finalized = "google.cloud.storage.object.v1.finalized"
)

// pushed is a message with its wrapper
// (https://cloud.google.com/pubsub/docs/push#receive_push).
type pushed struct {
	Message *struct {
		Data       []byte            `json:"data"`
		Attributes map[string]string `json:"attributes"`
		ID         string            `json:"messageId"`
	} `json:"message"`
}

// cloudEvent is an event in structured mode.
type cloudEvent struct {
	Type string          `json:"type"`
	ID   string          `json:"id"`
	Data json.RawMessage `json:"data"`
}

// object is what of a bucket's notification is read.
type object struct {
	Bucket string `json:"bucket"`
	Name   string `json:"name"`
}

func (o object) uri() string {
	return (&url.URL{Scheme: "gs", Host: o.Bucket, Path: "/" + o.Name}).String()
}

// readMessage finds the message in a request. What is wrong with it is said when it is
// read.
func readMessage(ctx context.Context, w *worker.Worker, r *http.Request) worker.Message {
	m, err := decodeMessage(ctx, w, r)
	if err != nil {
		return worker.Message{ID: "unknown", Read: func(destination.Fetch) (*core.Delivery, error) { return nil, err }}
	}
	return m
}

func decodeMessage(ctx context.Context, w *worker.Worker, r *http.Request) (m worker.Message, err error) {
	if r.Method != http.MethodPost {
		return m, fmt.Errorf("%w: a request with the method %q; messages are posted", core.ErrForeign, r.Method)
	}
	body, err := readAll(r.Body, w.Receiver.Limit())
	if err != nil {
		return m, err
	}
	event := cloudEvent{r.Header.Get("Ce-Type"), r.Header.Get("Ce-Id"), body}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/cloudevents+json") {
		event = cloudEvent{}
		if err := json.Unmarshal(body, &event); err != nil {
			return m, fmt.Errorf("%w: an event that cannot be read: %w", core.ErrForeign, err)
		}
	}
	switch {
	case event.Type == "" || event.Type == published:
		return decodePushed(ctx, w, event.Data)
	case event.Type == finalized:
		var o object
		if err := json.Unmarshal(event.Data, &o); err != nil {
			return m, fmt.Errorf("%w: a notification that cannot be read: %w", core.ErrForeign, err)
		}
		return worker.Message{ID: event.ID, Read: w.Object(ctx, o.uri())}, nil
	case strings.HasPrefix(event.Type, "com.labelbox."): // without its wrapper: the attributes are headers
		attributes := map[string]string{}
		for name, values := range r.Header {
			attributes[strings.ToLower(name)] = values[0]
		}
		return ofPubSub(r.Header.Get("X-Goog-Pubsub-Message-Id"), attributes, body), nil
	}
	return m, fmt.Errorf("%w: an event of type %q; a worker takes %s and %s", core.ErrForeign, event.Type, published, finalized)
}

func decodePushed(ctx context.Context, w *worker.Worker, data []byte) (m worker.Message, err error) {
	var p pushed
	if err := json.Unmarshal(data, &p); err != nil || p.Message == nil {
		return m, fmt.Errorf("%w: a request that is no message of Pub/Sub", core.ErrForeign)
	}
	if kind := p.Message.Attributes["eventType"]; kind != "" && p.Message.Attributes["bucketId"] != "" {
		if kind != "OBJECT_FINALIZE" {
			return m, fmt.Errorf("%w: the bucket says %q; have it notify of OBJECT_FINALIZE alone", core.ErrForeign, kind)
		}
		o := object{p.Message.Attributes["bucketId"], p.Message.Attributes["objectId"]}
		return worker.Message{ID: p.Message.ID, Read: w.Object(ctx, o.uri())}, nil
	}
	return ofPubSub(p.Message.ID, p.Message.Attributes, p.Message.Data), nil
}

func ofPubSub(id string, attributes map[string]string, data []byte) worker.Message {
	return worker.Message{ID: id, Read: func(fetch destination.Fetch) (*core.Delivery, error) {
		return message.FromPubSub(attributes, data, fetch)
	}}
}

// readAll reads a request as far as a message with a body of limit bytes is long: in
// base64, with attributes.
func readAll(r io.Reader, limit int) ([]byte, error) {
	most := int64(limit)/3*4 + 1<<20
	body, err := io.ReadAll(io.LimitReader(r, most+1))
	switch {
	case err != nil:
		return nil, errors.Join(core.ErrBodyIncomplete, err)
	case int64(len(body)) > most:
		return nil, core.ErrBodyTooLarge
	}
	return body, nil
}
