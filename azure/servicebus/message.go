package servicebus

import (
	"strings"
	"unicode/utf8"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus"

	"github.com/labelhook/labelhook/azure/internal/message"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

// newMessage is the delivery with its body, or with the URI of that if dataref is
// not empty.
func newMessage(d *core.Delivery, dataref string) *azservicebus.Message {
	key, session := d.Key(), session(d)
	m := &azservicebus.Message{MessageID: &key, SessionID: &session, ApplicationProperties: map[string]any{}}
	for _, a := range d.Attributes() {
		value := strings.ToValidUTF8(a.Value, string(utf8.RuneError)) // all that AMQP's text may be
		if a.Name == "datacontenttype" {
			m.ContentType = &value
			continue
		}
		m.ApplicationProperties[message.Prefix+a.Name] = value
	}
	if dataref == "" {
		m.Body = d.Body
	} else {
		m.ApplicationProperties[message.Prefix+"dataref"] = dataref
	}
	return m
}

// Delivery makes the delivery again of a message. fetch reads a body that is in
// the overflow bucket.
func Delivery(m *azservicebus.ReceivedMessage, fetch destination.Fetch) (*core.Delivery, error) {
	contentType, properties := "", map[string]string{}
	if m.ContentType != nil {
		contentType = *m.ContentType
	}
	for name, value := range m.ApplicationProperties {
		if text, ok := value.(string); ok {
			properties[name] = text
		}
	}
	return message.FromServiceBus(contentType, properties, m.Body, fetch)
}

// session returns the project's id, or a name of ours for what has none. It may
// have 128 characters (https://learn.microsoft.com/azure/service-bus-messaging/service-bus-quotas).
func session(d *core.Delivery) string {
	if id := d.ProjectID; id != "" && len(id) <= 128 && utf8.ValidString(id) {
		return id
	}
	return "labelbox"
}
