package probe

import (
	"net/http"
	"testing"

	"github.com/labelhook/labelhook/internal/sender"
)

func FuzzRead(f *testing.F) {
	f.Add(401, "application/problem+json", "", []byte(`{"code":"signature_missing"}`))
	f.Add(200, "application/json", "", []byte(`{"status":"accepted"}`))
	f.Add(307, "text/html", "//user:hush@h/?q#f", []byte("{"))
	f.Add(403, "application/problem+json", "\x1b[2J", []byte("{\"code\":\"\x1b[2J\"}"))
	f.Fuzz(func(t *testing.T, status int, mediaType, location string, body []byte) {
		if status < 100 || status > 999 {
			return
		}
		a := read("https://example.com/in", sender.Result{
			Status: status,
			Header: http.Header{"Content-Type": {mediaType}, "Location": {location}},
			Answer: body,
		})
		for _, c := range requests("c1", nil) {
			row := c.row()
			row.compare(c, a, nil)
			if !row.OK && row.Note == "" {
				t.Errorf("%s: %d %q without a note", c.name, a.status, a.code)
			}
			if row.OK && row.Status != c.status {
				t.Errorf("%s: %d is taken for %d", c.name, row.Status, c.status)
			}
			for _, r := range string(row.Code) + row.Note {
				if r < ' ' || r == 0x7f {
					t.Errorf("a control character in %q %q", row.Code, row.Note)
				}
			}
		}
	})
}
