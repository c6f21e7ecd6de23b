// Package destination holds the handlers that send a delivery on to somewhere
// and need no cloud's SDK: a log, a folder, another HTTP endpoint. Each cloud's
// package has more of them.
//
// A destination's Handle returns nil only once the delivery is safe there. What
// it keeps is the exact body and, where the transport has room for them, the
// delivery's CloudEvents attributes ([core.Delivery.Attributes]).
//
// A failure is for good only where a repeat cannot help: a body that is larger
// than a message and has no bucket to go to, or an endpoint's answer that the
// request itself is wrong. Every other is for now, also one that an operator has
// to mend (no such queue, access denied): the sender's next try may come after
// that.
//
// The rest is for the destinations of the clouds: what happens to a body that is
// larger than a message ([Overflow], [Bucket]), how an object describes its
// delivery ([Metadata]), and how a consumer makes the delivery again
// ([FromMessage], [FromObject]).
package destination
