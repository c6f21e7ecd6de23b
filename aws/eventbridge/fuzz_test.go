package eventbridge

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/labelhook/labelhook/core"
)

// FuzzDetail checks that whatever comes has a detail that is a JSON object, out
// of which the body can be had again.
func FuzzDetail(f *testing.F) {
	for _, s := range []string{`{"a":1}`, " {} ", "{}{}", "[]", `{"a":1,"a":2}`, `{"a":"\ud83d"}`, "\xff", "", "{}x"} {
		f.Add([]byte(s), s)
	}
	f.Fuzz(func(t *testing.T, body []byte, header string) {
		d := core.Identify(http.Header{core.IDHeader: {header}, core.SignatureHeader: {header}}, body)
		for detail := range details(d, "") {
			var object map[string]any
			if json.Unmarshal([]byte(detail), &object) != nil || object == nil {
				t.Errorf("%q is sent as %q", body, detail)
			}
			e := (&bus{}).entry(d, detail)
			if got, err := Delivery(*e.DetailType, e.Resources, []byte(detail), nil); err != nil || !bytes.Equal(got.Body, body) || got.Key() != d.Key() {
				t.Errorf("%q is sent as %q, and received as %v, %v", body, detail, got, err)
			}
		}
	})
}
