package destination

import (
	"context"
	"errors"
	"fmt"

	"github.com/labelhook/labelhook/core"
)

// Bucket is a destination that keeps each delivery as an object with an
// address: what LABELHOOK_OVERFLOW may name.
type Bucket interface {
	core.Handler
	// Locate returns the absolute URI under which Handle keeps the delivery's
	// body. It depends on nothing but the delivery and does no I/O.
	Locate(d *core.Delivery) string
}

// Overflower is a destination whose messages have a size limit, and which can
// have a bucket keep a body that is larger.
type Overflower interface {
	// OverflowTo sets the bucket. It is called before the first Handle, if at all.
	OverflowTo(Bucket)
}

// Overflow is the rule for a body that is larger than a message, see [Send]. A
// destination embeds it, which makes that an [Overflower].
type Overflow struct {
	destination, example string
	bucket               Bucket
}

// NewOverflow takes the names of the destination, and of a bucket's URL for
// example, for errors.
func NewOverflow(destination fmt.Stringer, example string) Overflow {
	return Overflow{destination: destination.String(), example: example}
}

// OverflowTo implements [Overflower].
func (o *Overflow) OverflowTo(b Bucket) { o.bucket = b }

// ErrTooLarge is returned by a function that was to send a delivery whole.
var ErrTooLarge = errors.New("more than a message holds")

// Send calls send with "", to send the delivery whole. If it is too large for
// that ([ErrTooLarge]), the bucket keeps it, and send is called with the object's
// URI, for a message without a body that has the URI as the CloudEvents attribute
// dataref (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/extensions/dataref.md).
// Without a bucket the delivery is refused for good.
func Send(ctx context.Context, d *core.Delivery, o *Overflow, send func(dataref string) error) error {
	err := send("")
	if !errors.Is(err, ErrTooLarge) {
		return err
	}
	if o.bucket == nil {
		return core.Permanent(fmt.Errorf("%s: a body of %d bytes is %w; set LABELHOOK_OVERFLOW to a bucket's URL, such as %s", o.destination, len(d.Body), err, o.example))
	}
	if err := o.bucket.Handle(ctx, d); err != nil {
		return fmt.Errorf("%s: overflow: %w", o.destination, err)
	}
	return send(o.bucket.Locate(d))
}
