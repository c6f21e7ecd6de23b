package core

import (
	"time"

	"github.com/labelhook/labelhook/core/payload"
)

// Identify makes a [Delivery] of a request whose signature has been verified,
// by its headers and what [payload.Identify] says of its body. header and body
// are kept, not copied; a header that is a [Keeper] is told so.
func Identify(header Header, body []byte) *Delivery { return identify(header, body, time.Now()) }

func identify(header Header, body []byte, received time.Time) *Delivery {
	if shared, ok := header.(Keeper); ok {
		shared.Keep()
	}
	name := first(header, EventHeader)
	is := payload.Identify(body, name)
	return &Delivery{
		ID:          first(header, IDHeader),
		Event:       is.Event,
		Version:     is.Version,
		ProjectID:   is.ProjectID,
		LabelID:     is.LabelID,
		DataRowID:   is.DataRowID,
		Time:        is.Time,
		EventName:   name,
		Signature:   first(header, SignatureHeader),
		ContentType: first(header, "Content-Type"),
		Body:        body,
		Received:    received,
		header:      header,
	}
}

func first(header Header, name string) string {
	if values := header.Values(name); len(values) > 0 {
		return values[0]
	}
	return ""
}
