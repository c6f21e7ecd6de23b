package destination_test

import (
	"bytes"
	"errors"
	"net/http"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

// FuzzFromEvent checks that what a queue holds is a delivery or refused, and that
// what was sent there is the same delivery again, whatever its headers hold.
func FuzzFromEvent(f *testing.F) {
	f.Add([]byte(`{"specversion":"1.0","type":"com.labelbox.unknown","data_base64":"e30="}`), "an id")
	f.Add([]byte(`{"type":"com.labelbox.label.created","dataref":"s3://bucket/name"}`), "\xff")
	f.Add([]byte(`{"type":1}`), "")
	f.Fuzz(func(t *testing.T, text []byte, header string) {
		missing := errors.New("no such object")
		d, err := destination.FromEvent(text, func(string) ([]byte, error) { return nil, missing })
		if (err == nil) != (d != nil) || err != nil && !errors.Is(err, core.ErrForeign) && !errors.Is(err, missing) {
			t.Errorf("%q is %v, %v", text, d, err)
		}
		sent := core.Identify(http.Header{core.IDHeader: {header}, core.EventHeader: {header}, "Content-Type": {header}}, text)
		got, err := destination.FromEvent([]byte(destination.Event(sent, "")), nil)
		if err != nil || !bytes.Equal(got.Body, text) || got.Key() != sent.Key() {
			t.Errorf("%q came as %v, %v", text, got, err)
		}
		got, err = destination.FromObject(destination.Metadata(sent, "ce-", 100_000), "ce-", text)
		if err != nil || got.Key() != sent.Key() || got.ContentType != sent.Attributes()[len(sent.Attributes())-1].Value || header != sent.Key() && got.ID != header {
			t.Errorf("%q came as %+v, %v", header, got, err)
		}
	})
}
