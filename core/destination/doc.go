// Package destination holds the handlers that send a delivery on to somewhere
// and need no cloud's SDK: a log, a folder, another HTTP endpoint. Each cloud's
// package has more of them.
//
// A destination's Handle returns nil only once the delivery is safe there. What
// it keeps is the exact body and, where the transport has room for them, the
// delivery's CloudEvents attributes ([core.Delivery.Attributes]).
//
// Destinations whose messages are limited in size are [Limited]; a [Bucket]
// takes what is larger.
package destination
