package envelope

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/core"
)

// Message is what a trigger other than HTTP brings: the value of its binding, and
// what the host knows of it.
type Message struct {
	Value    jsontext.Value
	Metadata map[string]jsontext.Value
}

// lenient takes what .NET may write: a name twice, half of a surrogate pair.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// ReadMessage reads the envelope that is r's body,
//
//	{"Data":{BINDING:VALUE},"Metadata":{NAME:VALUE}}
//
// to its end. limit and turns are those of [Read]. The errors are core's.
func ReadMessage(r *http.Request, limit int) (m Message, err error) {
	if r.ContentLength < 0 || r.ContentLength > small {
		if !largeOnes.enter(r.Context()) {
			return m, core.ErrOverloaded
		}
		defer largeOnes.leave()
	}
	most := factor*int64(limit) + rest
	text, err := io.ReadAll(io.LimitReader(r.Body, most+1))
	switch {
	case err != nil:
		return m, errors.Join(core.ErrBodyIncomplete, err)
	case int64(len(text)) > most:
		return m, core.ErrBodyTooLarge
	}
	var e struct{ Data, Metadata map[string]jsontext.Value }
	if err := json.Unmarshal(text, &e, lenient); err != nil {
		return m, fmt.Errorf("%w: a request that is no envelope of the Functions host", core.ErrForeign)
	}
	if len(e.Data) != 1 {
		return m, fmt.Errorf("%w: an envelope with %d bindings; the function needs its trigger and no other input", core.ErrForeign, len(e.Data))
	}
	for _, value := range e.Data {
		m.Value = value
	}
	m.Metadata = e.Metadata
	return m, nil
}

// Text returns a value that is text, "" of any other. The host prints most text twice:
// as JSON, and that as a string of JSON.
func Text(value jsontext.Value) string {
	text, err := jsontext.AppendUnquote(nil, value)
	if err != nil {
		return ""
	}
	if inner, err := jsontext.AppendUnquote(nil, text); err == nil {
		return string(inner)
	}
	return string(text)
}

// Bytes returns the bytes of the value: of text in UTF-8, or what is in base64 where
// the binding's dataType is binary. Such text is printed once, so that no other is
// mistaken for it. Any other value is the JSON that it is.
func (m Message) Bytes() []byte {
	text, err := jsontext.AppendUnquote(nil, m.Value)
	if err != nil {
		return m.Value
	}
	if inner, err := jsontext.AppendUnquote(nil, text); err == nil {
		return inner
	}
	if content, err := base64.StdEncoding.AppendDecode(nil, text); err == nil {
		return content
	}
	return text
}

// taken is the answer to a message that is done with. The host warns of each answer
// with no output or return value, though the function has no binding for them.
var taken = []byte(`{"Outputs":{"taken":true},"Logs":[],"ReturnValue":true}`)

// WriteTaken tells the host that the invocation has succeeded.
func WriteTaken(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Write(taken) // an error means the host is gone
}
