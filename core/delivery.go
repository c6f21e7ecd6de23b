package core

import (
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"

	"github.com/labelhook/labelhook/core/payload"
)

// Header looks up the values of a request header, without regard to case.
// [net/http.Header] is one.
type Header interface {
	// Values returns every value sent under name, nil if there is none.
	Values(name string) []string
}

// Keeper is a [Header] in memory that is used for something else once the
// request is answered. Keep gives it memory of its own, before a handler sees it.
type Keeper interface {
	Header
	Keep()
}

// Delivery is one webhook request whose body is all here. It says what it is;
// the payload is decoded when asked for ([Delivery.Label] and its siblings).
// A Delivery is read-only once made and may be used from several goroutines.
type Delivery struct {
	ID        string          // the X-Labelbox-Id header; may be empty, and is not signed
	Event     payload.Event   // what happened, see [payload.Identify]
	Version   payload.Version // of the payload; [payload.NoVersion] where there is only one
	ProjectID string          // "" if the payload names none
	LabelID   string          // label events: the label, the first if the payload holds several
	DataRowID string          // the data row, if the payload names exactly one
	Time      time.Time       // the payload's own time (last update, or the action's), UTC; zero if it has none
	Received  time.Time       // when this process had the whole request
	Hops      int             // how many receivers it came through before, see [HopHeader]; not signed
	Origin    string          // "" for a webhook; anything else names where the event came from

	Body []byte // the exact bytes that were signed; must not be changed

	// The headers as they came, so that the delivery can be sent on unchanged;
	// [Delivery.Header] has the others.
	Signature   string
	EventName   string
	ContentType string

	header     Header // of the request; nil if there was none
	headerOnce sync.Once
	sentOn     []HeaderField

	keyOnce sync.Once
	key     string
	form    string // see [Delivery.InForm]
}

// InForm returns the delivery with another body, for a destination that has it in
// another form than Labelbox's. All else stays: also the key and the signature,
// those of the bytes that came. form stands in [Delivery.ObjectName].
func (d *Delivery) InForm(form string, body []byte, contentType string) *Delivery {
	other := &Delivery{
		ID: d.ID, Event: d.Event, Version: d.Version, ProjectID: d.ProjectID, LabelID: d.LabelID, DataRowID: d.DataRowID,
		Time: d.Time, Received: d.Received, Hops: d.Hops, Origin: d.Origin,
		Body: body, Signature: d.Signature, EventName: d.EventName, ContentType: contentType, form: "." + form,
	}
	other.keyOnce.Do(func() { other.key = d.Key() })
	return other
}

// Subject returns the id of what the event is about: the label for label
// events, the data row for a workflow action on exactly one, else "".
func (d *Delivery) Subject() string {
	if d.Event.IsLabel() {
		return d.LabelID
	}
	if d.Event == payload.WorkflowAction {
		return d.DataRowID
	}
	return ""
}

// Key identifies the content of a delivery: the first 32 hexadecimal digits of
// SHA-256 over the event name, a newline and the body. Where the event is
// [payload.Unknown] the body does not say what happened, so the name is the
// header's: as [payload.ParseEvent] reads it, or else as it came.
//
// A redelivery has the same key whatever its id, so it serves as deduplication
// id, message id and part of object names. It is computed on the first call,
// since hashing a large body costs as much as verifying it.
func (d *Delivery) Key() string {
	d.keyOnce.Do(func() {
		name := string(d.Event)
		if d.Event == payload.Unknown && d.EventName != "" {
			name = d.EventName
			if event, known := payload.ParseEvent(name); known {
				name = string(event)
			}
		}
		h := sha256.New()
		h.Write([]byte(name))
		h.Write([]byte{'\n'})
		h.Write(d.Body)
		var sum [sha256.Size]byte
		var digits [32]byte
		hex.Encode(digits[:], h.Sum(sum[:0])[:16])
		d.key = string(digits[:])
	})
	return d.key
}

// Reference returns the delivery id, or the key where the sender gave no id.
func (d *Delivery) Reference() string {
	if d.ID != "" {
		return d.ID
	}
	return d.Key()
}

// ObjectName returns the name under which a bucket or folder keeps the
// delivery: event=label.created/dt=2026-11-23/20261123T174801.000Z-<key>.json.
// Everything in it comes from the payload, so a redelivery has the same name,
// and table engines read event and dt as partitions. Where the payload has no
// time, dt is the name that Hive-like engines read as null.
func (d *Delivery) ObjectName() string {
	if d.Time.IsZero() {
		return "event=" + string(d.Event) + "/dt=__HIVE_DEFAULT_PARTITION__/" + d.Key() + d.form + ".json"
	}
	t := d.Time.UTC()
	return "event=" + string(d.Event) + "/dt=" + t.Format(time.DateOnly) + "/" + t.Format("20060102T150405.000Z") + "-" + d.Key() + d.form + ".json"
}
