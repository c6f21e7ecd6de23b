package sqs

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode/utf8"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/labelhook/labelhook/aws/internal/message"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

// The limits of a message: 1 MiB of body and attributes, and ten of those
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html).
const (
	maxMessage    = 1 << 20
	maxAttributes = 10
)

// sent is a delivery as SQS takes it.
type sent struct {
	body       string
	attributes []core.Attribute // named without the prefix
}

// newMessage has the body in it, or refers to it if dataref is not empty. The
// attributes without which the body cannot be read come first.
func newMessage(d *core.Delivery, dataref string) sent {
	m := sent{body: string(d.Body)}
	switch {
	case dataref != "":
		body, _ := json.Marshal(map[string]string{"dataref": dataref}) // text cannot fail
		m.body = string(body)
		m.add("dataref", dataref)
	case !valid(m.body):
		m.body = base64.StdEncoding.EncodeToString(d.Body)
		m.add(message.Encoding, "base64")
	}
	for _, a := range d.Attributes() {
		m.add(a.Name, a.Value)
	}
	return m
}

func (m *sent) add(name, value string) {
	if len(m.attributes) < maxAttributes {
		m.attributes = append(m.attributes, core.Attribute{Name: name, Value: clean(value)})
	}
}

// Delivery makes the delivery again of a message: of the text values of its
// attributes and its body. fetch reads a body that is in the overflow bucket.
func Delivery(attributes map[string]string, body string, fetch destination.Fetch) (*core.Delivery, error) {
	return message.FromSQS(attributes, body, fetch)
}

// size is what SQS counts.
func (m sent) size() int {
	n := len(m.body)
	for _, a := range m.attributes {
		n += len(message.Prefix) + len(a.Name) + len(dataType) + len(a.Value)
	}
	return n
}

const dataType = "String"

func (m sent) values() map[string]types.MessageAttributeValue {
	values := make(map[string]types.MessageAttributeValue, len(m.attributes))
	for _, a := range m.attributes {
		values[message.Prefix+a.Name] = types.MessageAttributeValue{DataType: awssdk.String(dataType), StringValue: &a.Value}
	}
	return values
}

// valid reports whether SQS takes the text: UTF-8 of characters that XML 1.0
// has (https://www.w3.org/TR/REC-xml/#charsets).
func valid(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, unfit) < 0
}

func unfit(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == '\uFFFE' || r == '\uFFFF'
}

// clean replaces what SQS would refuse a whole message for. Attributes come from
// headers, which may hold anything.
func clean(value string) string {
	if valid(value) {
		return value
	}
	return strings.Map(func(r rune) rune {
		if unfit(r) {
			return utf8.RuneError
		}
		return r // invalid UTF-8 is RuneError already
	}, value)
}

// group returns the message group of a FIFO queue.
func group(d *core.Delivery) string {
	id := d.ProjectID
	if id == "" || len(id) > 128 || strings.ContainsFunc(id, func(r rune) bool { return r < '!' || r > '~' }) {
		return "labelbox"
	}
	return id
}
