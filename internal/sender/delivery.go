package sender

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
)

// Signed makes a delivery as Labelbox would: signed with secret, under a fresh
// delivery id, named event in Labelbox's spelling.
func Signed(body []byte, event string, secret secret.Secret) Request {
	return Request{
		Body: body,
		Header: http.Header{
			"Content-Type":       {"application/json"},
			"User-Agent":         {"labelhook"},
			core.SignatureHeader: {core.Sign(body, secret)},
			core.EventHeader:     {event},
			core.IDHeader:        {NewID()},
		},
	}
}

// NewID returns an id of the form that Labelbox uses: a c and 24 digits and
// lower-case letters, the first eight of which rise with time.
func NewID() string {
	const digits = "0123456789abcdefghijklmnopqrstuvwxyz"
	id := append(make([]byte, 0, 25), 'c')
	id = strconv.AppendInt(id, time.Now().UnixMilli(), 36)
	for len(id) < 25 {
		id = append(id, digits[rand.IntN(len(digits))])
	}
	return string(id)
}
