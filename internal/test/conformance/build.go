package conformance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/labelhook/labelhook/core/payload"
)

// delivery is a genuine v2 label, which the methods below bend into each case.
// Its body names the case, so no destination takes it for another's repeat.
func delivery(name string) Case {
	return Case{
		Name:   name,
		Method: "POST",
		Header: []Field{
			{"Content-Type", "application/json"},
			{"X-Labelbox-Id", strings.NewReplacer(" ", "-", ",", "").Replace(name)},
			{"X-Labelbox-Event", "LABEL_CREATED"},
			{"X-Hub-Signature", ""},
		},
		Want: accepted(payload.LabelCreated, payload.V2),
	}.body(label(fmt.Sprintf(`"case":%q`, name)))
}

// label is a v2 label that was updated once, with one more member.
func label(member string) string {
	return `{` + member + `,"data_row":{"id":"row"},"projects":{"project":{"labels":[{"id":"label",` +
		`"label_details":{"created_at":"2024-05-06T17:17:00Z","updated_at":"2024-05-06T17:18:48Z"}}]}}}`
}

// padded is a label of exactly n bytes.
func padded(name string, n int) string {
	empty := label(fmt.Sprintf(`"case":%q,"padding":""`, name))
	return strings.Replace(empty, `"padding":"`, `"padding":"`+strings.Repeat("x", n-len(empty)), 1)
}

// body sets the body and signs it.
func (c Case) body(body string) Case {
	c.Body = []byte(body)
	return c.signedWith(Secret)
}

func (c Case) signedWith(secret string) Case { return c.signature(sign(c.Body, secret)) }

// signature sends each value in a header field of its own; none, no header.
func (c Case) signature(values ...string) Case { return c.header("X-Hub-Signature", values...) }

// signatureOf sends what rewrite makes of the right signature.
func (c Case) signatureOf(rewrite func(right string) string) Case {
	return c.signature(rewrite(sign(c.Body, Secret)))
}

// header replaces all fields of a name.
func (c Case) header(name string, values ...string) Case {
	c.Header = slices.DeleteFunc(slices.Clone(c.Header), func(f Field) bool { return f.Name == name })
	for _, v := range values {
		c.Header = append(c.Header, Field{name, v})
	}
	return c
}

// spelled rewrites the names of all fields.
func (c Case) spelled(rewrite func(string) string) Case {
	c.Header = slices.Clone(c.Header)
	for i := range c.Header {
		c.Header[i].Name = rewrite(c.Header[i].Name)
	}
	return c
}

func (c Case) method(method string) Case { c.Method = method; return c }
func (c Case) chunked() Case             { c.Framing = Chunked; return c }
func (c Case) sent(times int) Case       { c.Times = times; return c }
func (c Case) wants(v Verdict) Case      { c.Want = v; return c }

// wantsEvent is for bodies that are accepted as something other than a created
// label.
func (c Case) wantsEvent(event payload.Event, version payload.Version) Case {
	return c.wants(accepted(event, version))
}

func (c Case) wantsUnknown() Case { return c.wantsEvent(payload.Unknown, payload.NoVersion) }
