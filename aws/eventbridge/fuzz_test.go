package eventbridge

import (
	"bytes"
	"encoding/base64"
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
		if detail := bare(d); detail != "" {
			var object map[string]any
			if detail != string(body) || json.Unmarshal(body, &object) != nil || object == nil {
				t.Errorf("%q is sent as %q", body, detail)
			}
		}
		var event map[string]string
		if err := json.Unmarshal([]byte(wrapped(d)), &event); err != nil {
			t.Fatal(err)
		}
		if got, err := base64.StdEncoding.DecodeString(event["data_base64"]); err != nil || !bytes.Equal(got, body) {
			t.Errorf("%q is wrapped as %q", body, event)
		}
	})
}
