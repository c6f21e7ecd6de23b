package servicebus

import (
	"strings"
	"unicode/utf8"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus"

	"github.com/labelhook/labelhook/core"
)

// prefix marks an application property as CloudEvents'.
const prefix = "cloudEvents_"

// whole is the message with the body in it.
func whole(d *core.Delivery) *azservicebus.Message {
	key, session := d.Key(), session(d)
	m := &azservicebus.Message{Body: d.Body, MessageID: &key, SessionID: &session, ApplicationProperties: map[string]any{}}
	for _, a := range d.Attributes() {
		value := strings.ToValidUTF8(a.Value, string(utf8.RuneError)) // all that AMQP's text may be
		if a.Name == "datacontenttype" {
			m.ContentType = &value
			continue
		}
		m.ApplicationProperties[prefix+a.Name] = value
	}
	return m
}

// reference is the message that says where the body is.
func reference(d *core.Delivery, uri string) *azservicebus.Message {
	m := whole(d)
	m.Body = nil
	m.ApplicationProperties[prefix+"dataref"] = uri
	return m
}

// session returns the project's id, or a name of ours for what has none. It may
// have 128 characters (https://learn.microsoft.com/azure/service-bus-messaging/service-bus-quotas).
func session(d *core.Delivery) string {
	if id := d.ProjectID; id != "" && len(id) <= 128 && utf8.ValidString(id) {
		return id
	}
	return "labelbox"
}
