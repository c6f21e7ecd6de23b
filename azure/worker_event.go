package azure

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"

	"github.com/labelhook/labelhook/azure/internal/envelope"
	"github.com/labelhook/labelhook/azure/internal/message"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/core/worker"
)

// created is the type of Event Grid's events for a blob that was made
// (https://learn.microsoft.com/azure/event-grid/event-schema-blob-storage).
const created = "Microsoft.Storage.BlobCreated"

// readMessage finds the message in the host's envelope. What is wrong with it is said
// when it is read.
func readMessage(ctx context.Context, w *worker.Worker, r *http.Request) worker.Message {
	e, err := envelope.ReadMessage(r, w.Receiver.Limit())
	if err == nil {
		var m worker.Message
		if m, err = decodeMessage(ctx, w, e); err == nil {
			return m
		}
	}
	return worker.Message{ID: "unknown", Read: func(destination.Fetch) (*core.Delivery, error) { return nil, err }}
}

// decodeMessage tells the triggers apart by what their extensions add to Metadata
// (https://learn.microsoft.com/azure/azure-functions/functions-bindings-expressions-patterns#trigger-metadata).
// The members of a message that is JSON are in there too, so the order counts: none
// of a delivery has these names.
func decodeMessage(ctx context.Context, w *worker.Worker, e envelope.Message) (m worker.Message, err error) {
	has := func(name string) bool { return e.Metadata[name] != nil }
	switch {
	case has("MessageIdArray") || has("ApplicationPropertiesArray") || e.Value.Kind() == '[':
		return m, fmt.Errorf("%w: several messages at once; give the trigger the cardinality one", core.ErrForeign)
	case has("ApplicationProperties") || has("UserProperties"):
		return ofServiceBus(ctx, w, e), nil
	case has("DequeueCount"):
		return ofQueue(ctx, w, e), nil
	case has("Uri"):
		return worker.Message{ID: "blob", Read: w.Object(ctx, envelope.Text(e.Metadata["Uri"]))}, nil
	}
	if read := ofEventGrid(ctx, w, e.Bytes()); read != nil {
		return worker.Message{ID: cmp.Or(envelope.Text(e.Metadata["id"]), "event"), Read: read}, nil
	}
	return m, fmt.Errorf("%w: a worker takes messages of Service Bus, storage queues, blobs and Event Grid; HTTP requests are for the receiver", core.ErrForeign)
}

func ofServiceBus(ctx context.Context, w *worker.Worker, e envelope.Message) worker.Message {
	properties := map[string]string{}
	for _, name := range []string{"UserProperties", "ApplicationProperties"} { // as old and new extensions have it
		var values map[string]any
		if json.Unmarshal(e.Metadata[name], &values) == nil {
			for name, value := range values {
				if text, ok := value.(string); ok {
					properties[name] = text
				}
			}
		}
	}
	m := worker.Message{ID: envelope.Text(e.Metadata["MessageId"])}
	if properties[message.Prefix+"type"] == "" {
		if m.Read = ofEventGrid(ctx, w, e.Bytes()); m.Read != nil {
			return m
		}
	}
	m.Read = func(fetch destination.Fetch) (*core.Delivery, error) {
		return message.FromServiceBus(envelope.Text(e.Metadata["ContentType"]), properties, e.Bytes(), fetch)
	}
	return m
}

// ofQueue takes a message also in base64, which is what hosts expect and Event Grid
// writes: with the encoding none they hand it over so.
func ofQueue(ctx context.Context, w *worker.Worker, e envelope.Message) worker.Message {
	text := e.Bytes()
	if !bytes.HasPrefix(text, []byte("{")) {
		if decoded, err := base64.StdEncoding.AppendDecode(nil, text); err == nil {
			text = decoded
		}
	}
	m := worker.Message{ID: envelope.Text(e.Metadata["Id"])}
	if m.Read = ofEventGrid(ctx, w, text); m.Read == nil {
		m.Read = func(fetch destination.Fetch) (*core.Delivery, error) { return destination.FromEvent(text, fetch) }
	}
	return m
}

// ofEventGrid returns the Read of an event of Event Grid's, in its own schema or
// CloudEvents', nil of what is none.
func ofEventGrid(ctx context.Context, w *worker.Worker, text []byte) func(destination.Fetch) (*core.Delivery, error) {
	var event struct {
		EventType string `json:"eventType"`
		Type      string `json:"type"`
		Data      struct {
			URL string `json:"url"`
		} `json:"data"`
	}
	if json.Unmarshal(text, &event) != nil || event.EventType != created && event.Type != created {
		return nil
	}
	return w.Object(ctx, event.Data.URL)
}
