package eventbridge

import (
	"bytes"
	"io"
	"iter"
	"strings"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/aws/internal/message"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

// The limits of an event: 1 MiB as [size] counts it, 1,000 levels of JSON, 2,048
// bytes a resource
// (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html).
const (
	maxEntry    = 1 << 20
	maxDepth    = 1000
	maxResource = 2048
)

func (b *bus) entry(d *core.Delivery, detail string) types.PutEventsRequestEntry {
	e := types.PutEventsRequestEntry{
		EventBusName: &b.bus,
		Source:       awssdk.String("labelbox"),
		Detail:       &detail,
	}
	if !d.Time.IsZero() {
		e.Time = &d.Time
	}
	for _, a := range d.Attributes() {
		switch a.Name {
		case "type":
			e.DetailType = awssdk.String(a.Value)
		case "time", "specversion", "datacontenttype":
		default:
			if r := strings.ToValidUTF8(a.Name+"="+a.Value, "\uFFFD"); len(r) <= maxResource {
				e.Resources = append(e.Resources, r)
			}
		}
	}
	return e
}

// size is what EventBridge counts, see
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html.
func size(e types.PutEventsRequestEntry) int {
	n := len(*e.Source) + len(*e.DetailType) + len(*e.Detail)
	if e.Time != nil {
		n += 14
	}
	for _, r := range e.Resources {
		n += len(r)
	}
	return n
}

// details are what may stand for the delivery, the better one first: its body
// alone if it can be that, or the delivery in CloudEvents' JSON format.
func details(d *core.Delivery, dataref string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if dataref == "" && portable(d.Body) && !yield(string(d.Body)) {
			return
		}
		yield(destination.Event(d, dataref))
	}
}

// portable reports whether the body is a JSON object that comes out of any JSON
// parser as it went in: without duplicate names or invalid UTF-8, and not too
// deep for EventBridge.
func portable(body []byte) bool {
	decoder := jsontext.NewDecoder(bytes.NewBuffer(body))
	if decoder.PeekKind() != '{' {
		return false
	}
	for {
		_, err := decoder.ReadToken()
		switch {
		case err == io.EOF:
			return true
		case err != nil, decoder.StackDepth() > maxDepth:
			return false
		case decoder.StackDepth() == 0 && decoder.PeekKind() != 0:
			return false // a second value follows
		}
	}
}

// Delivery makes the delivery again of an event's detail-type, resources and
// detail. fetch reads a body that is in the overflow bucket. A bus may have
// printed a body anew: one that came without white space is found again by its key; of
// another the signature does not hold, and the key is another.
func Delivery(detailType string, resources []string, detail []byte, fetch destination.Fetch) (*core.Delivery, error) {
	return message.FromEventBridge(detailType, resources, detail, fetch)
}
