package sqs

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode/utf8"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/labelhook/labelhook/core"
)

// The limits of a message: 1 MiB of body and attributes, and ten of those
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html).
const (
	maxMessage    = 1 << 20
	maxAttributes = 10
)

// prefix marks an attribute as CloudEvents', as in the HTTP binding.
const prefix = "ce-"

// message is a delivery as SQS takes it.
type message struct {
	body       string
	attributes []core.Attribute // named without the prefix
}

// whole is the message with the body in it.
func whole(d *core.Delivery) message {
	if !valid(string(d.Body)) {
		return describe(d, base64.StdEncoding.EncodeToString(d.Body), core.Attribute{Name: "labelboxencoding", Value: "base64"})
	}
	return describe(d, string(d.Body))
}

// reference is the message that says where the body is.
func reference(d *core.Delivery, uri string) message {
	body, _ := json.Marshal(map[string]string{"dataref": uri}) // text cannot fail
	return describe(d, string(body), core.Attribute{Name: "dataref", Value: uri})
}

// describe gives a body the delivery's attributes, after those without which it
// cannot be read.
func describe(d *core.Delivery, body string, first ...core.Attribute) message {
	m := message{body: body}
	for _, a := range append(first, d.Attributes()...) {
		if len(m.attributes) < maxAttributes {
			m.attributes = append(m.attributes, core.Attribute{Name: a.Name, Value: clean(a.Value)})
		}
	}
	return m
}

// size is what SQS counts.
func (m message) size() int {
	n := len(m.body)
	for _, a := range m.attributes {
		n += len(prefix) + len(a.Name) + len(dataType) + len(a.Value)
	}
	return n
}

const dataType = "String"

func (m message) values() map[string]types.MessageAttributeValue {
	values := make(map[string]types.MessageAttributeValue, len(m.attributes))
	for _, a := range m.attributes {
		values[prefix+a.Name] = types.MessageAttributeValue{DataType: awssdk.String(dataType), StringValue: &a.Value}
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
