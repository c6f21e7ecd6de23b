package destination_test

import (
	"net/http"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/samples"
)

// key stands for what a URL may hold that nobody else may see.
const key = "the-key-in-the-url"

const signature = "sha1=2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"

func delivery(id, event string, body []byte) *core.Delivery {
	return core.Identify(http.Header{
		core.IDHeader:        {id},
		core.EventHeader:     {event},
		core.SignatureHeader: {signature},
		"Content-Type":       {"application/json"},
	}, body)
}

func label(t testing.TB) *core.Delivery {
	s, found := samples.Find(core.LabelCreated, core.V2)
	if !found {
		t.Fatal("no sample")
	}
	return delivery("delivery", s.Header, s.Body())
}
