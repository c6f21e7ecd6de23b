package inbox

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/labelhook/labelhook/core"
)

// A stored delivery is sent on with the headers that it would have been sent on
// with when it came.
func TestTheInboxKeepsWhatIsSentOn(t *testing.T) {
	header := http.Header{
		"X-Hub-Signature": {"sha1=0"}, "X-Labelbox-Id": {"1"}, "Content-Encoding": {"gzip"}, "Tracestate": {"a=1", "b: 2"}, "X-Request-Id": {""},
		"Authorization": {"hush"}, "Cookie": {"hush"},
	}
	d := core.Identify(header, []byte("\x1f\x8b"))
	in := open(t)
	store(t, in, d)
	got := list(t, in.Reader, Query{})[0]
	if fmt.Sprint(got.Delivery().Header()) != fmt.Sprint(d.Header()) {
		t.Errorf("got  %v\nwant %v", got.Delivery().Header(), d.Header())
	}
	if len(got.Headers) != 4 {
		t.Errorf("got %v", got.Headers)
	}
}
