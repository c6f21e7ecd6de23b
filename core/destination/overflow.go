package destination

import "github.com/labelhook/labelhook/core"

// Bucket is a destination that keeps each delivery as an object with an
// address: what LABELHOOK_OVERFLOW may name.
type Bucket interface {
	core.Handler
	// Locate returns the absolute URI under which Handle keeps the delivery's
	// body. It depends on nothing but the delivery and does no I/O.
	Locate(d *core.Delivery) string
}

// Limited is a destination whose messages have a size limit. It refuses a
// larger body for good, unless it has a bucket: then it has the bucket keep the
// delivery and sends a message without a body, whose CloudEvents attribute
// dataref is the object's URI
// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/extensions/dataref.md).
type Limited interface {
	core.Handler
	// Overflow sets the bucket. It is called before the first Handle, if at all.
	Overflow(Bucket)
}
