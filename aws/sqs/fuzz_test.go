package sqs

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"regexp"
	"testing"

	"github.com/labelhook/labelhook/aws/internal/message"
	"github.com/labelhook/labelhook/core"
)

// FuzzMessage checks that whatever comes is a message that SQS takes, and that
// the body can be had from it again. What XML has room for is asked of
// encoding/xml.
func FuzzMessage(f *testing.F) {
	for _, s := range []string{`{"a":1}`, "\x00", "\xff", "\ufffe", "\ufffd", "é\r\n\t😀", "\x7f\u0085", "\xed\xa0\x80"} {
		f.Add([]byte(s), s)
	}
	f.Fuzz(func(t *testing.T, body []byte, header string) {
		d := core.Identify(http.Header{core.IDHeader: {header}, core.SignatureHeader: {header}, "Content-Type": {header}}, body)
		m := newMessage(d, "")
		if isXML(string(body)) != (m.body == string(body)) {
			t.Errorf("%q is sent as %q", body, m.body)
		}
		attributes := map[string]string{}
		for _, a := range m.attributes {
			attributes[message.Prefix+a.Name] = a.Value
		}
		if got, err := Delivery(attributes, m.body, nil); err != nil || !bytes.Equal(got.Body, body) || got.Key() != d.Key() {
			t.Errorf("%q is sent as %q, and received as %v, %v", body, m.body, got, err)
		}
		if !isXML(m.body) || len(m.attributes) > 10 {
			t.Errorf("%q is sent with %d attributes", m.body, len(m.attributes))
		}
		for _, a := range m.attributes {
			if !isXML(a.Value) || a.Value == "" {
				t.Errorf("%s is %q", a.Name, a.Value)
			}
		}
	})
}

// isXML reports whether a text survives encoding/xml.
func isXML(text string) bool {
	var b bytes.Buffer
	xml.EscapeText(&b, []byte(text))
	var again string
	return xml.Unmarshal([]byte("<a>"+b.String()+"</a>"), &again) == nil && again == text
}

var queueName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,75}([A-Za-z0-9_-]{0,5}|\.fifo)$`)

// FuzzParse checks that no URL is taken for a queue without a name that SQS
// allows.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"sqs://labels", "sqs:labels.fifo", "sqs://https://sqs.eu-west-1.amazonaws.com/123456789012/labels", "sqs://host/1/labels", "sqs://", "://?#@"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, url string) {
		if a, err := parse(url); err == nil && !queueName.MatchString(a.name) {
			t.Errorf("%q is taken for %+v", url, a)
		}
	})
}
