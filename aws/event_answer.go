package aws

import (
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/core"
)

// encode puts a response into the form that its format has. It always has a
// statusCode, without which Function URLs and HTTP APIs take the whole answer
// for a body. ALB also wants the status in words, and answers 502 unless
// headers come as the target group is set; the others take single values.
func (f format) encode(r core.Response) []byte {
	b := make([]byte, 0, 256+len(r.Body))
	b = append(b, `{"statusCode":`...)
	b = strconv.AppendInt(b, int64(r.Status), 10)
	if f == alb || f == albMulti {
		b = append(b, `,"statusDescription":`...)
		b = quote(b, strconv.Itoa(r.Status)+" "+http.StatusText(r.Status))
	}
	before, after := `,"headers":{`, ``
	if f == albMulti {
		before, after = `,"multiValueHeaders":{`, `]`
	}
	b = append(b, before...)
	for i, h := range r.Headers {
		if i > 0 {
			b = append(b, ',')
		}
		b = quote(b, h.Name)
		b = append(b, ':')
		if f == albMulti {
			b = append(b, '[')
		}
		b = quote(b, h.Value)
		b = append(b, after...)
	}
	b = append(b, `},"body":`...)
	b = quote(b, r.Body)
	return append(b, `,"isBase64Encoded":false}`...)
}

// quote appends a JSON string. An error would mean invalid UTF-8, replaced by
// U+FFFD; a response has none.
func quote[T []byte | string](b []byte, text T) []byte {
	b, _ = jsontext.AppendQuote(b, text)
	return b
}
