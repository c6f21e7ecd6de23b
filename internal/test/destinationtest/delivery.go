package destinationtest

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/samples"
)

// Signature is the X-Hub-Signature of every delivery made here. It is of the
// right form and of no secret.
const Signature = "sha1=2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"

// New returns a delivery with that id and that X-Labelbox-Event.
func New(id, event string, body []byte) *core.Delivery {
	return core.Identify(http.Header{
		core.IDHeader:        {id},
		core.EventHeader:     {event},
		core.SignatureHeader: {Signature},
		"Content-Type":       {"application/json"},
	}, body)
}

// Label returns the sample of a created v2 label, with the id "delivery".
func Label(t testing.TB) *core.Delivery {
	t.Helper()
	s, found := samples.Find(payload.LabelCreated, payload.V2)
	if !found {
		t.Fatal("no sample")
	}
	return New("delivery", s.Header, s.Body())
}

// every is every byte once.
var every = func() (b []byte) {
	for i := range 256 {
		b = append(b, byte(i))
	}
	return b
}()

// deliveries are of every kind of event and every kind of body, no two alike.
func deliveries() (all []*core.Delivery) {
	for _, s := range samples.All() {
		all = append(all, New("delivery", s.Header, s.Body()))
	}
	for _, body := range []string{
		"{}", " ", "[]", string(every), "\xff{", "\r\n--x--\r\n", "\xef\xbb\xbf{\"not\": \"UTF-8 \xff\x00\"}\r\n", `{"a":1,"a":2}`, `{"a":"\ud83d"}`,
		"{\"a\":\"\ufffe\"}", "{\"a\":\"é, 猫, 😀, \x7f\u2028\"}", "{\r\n\t\"white\": \"space\" }\n", `{"a":"` + strings.Repeat("0123456789", 1000) + `"}`,
	} {
		d := New("", "LABEL_CREATED", []byte(body))
		d.Origin, d.ContentType = "export", "application/json; charset=utf-8"
		all = append(all, d)
	}
	return all
}

// odd are deliveries with headers that a transport may have no room for.
func odd() (all []*core.Delivery) {
	for i, header := range [...]http.Header{
		{core.IDHeader: {`Zoë's "100%" id, %41`}},
		{core.IDHeader: {"a\x00b\x1f\xff\uFFFEc\té\r\nX-Evil: yes <&>"}},
		{core.IDHeader: {strings.Repeat("x", 9000)}},
		{"Content-Type": {"json; é=\xff"}},
		{"Content-Type": {"text/"}},
		{"Content-Type": {strings.Repeat("x", 2000)}},
		{},
	} {
		header[core.SignatureHeader] = []string{Signature}
		all = append(all, core.Identify(header, []byte(`{"odd":`+strconv.Itoa(i)+`}`)))
	}
	return all
}
