// Package core proves, identifies, decodes and delivers Labelbox webhooks,
// without knowing which cloud or server they came through.
//
// A delivery passes four steps, each of which can be used alone:
//
//   - [Verify] proves that the body was signed with one of the live secrets;
//   - [Identify] names the event, its payload version and its subject, reading
//     no more of the body than that takes;
//   - [Delivery.Label], [Delivery.Workflow] and [Delivery.ModelRun] decode the
//     payload, only when asked, into the types of package
//     [github.com/labelhook/labelhook/core/payload]; what a label says is in those
//     of [github.com/labelhook/labelhook/core/annotation];
//   - a [Handler] takes the delivery: a typed [Mux], a destination, or several
//     of them through [All].
//
// [Receiver.Receive] runs all of them in that order for one HTTP request and
// answers with a status and a body for the sender. Package
// [github.com/labelhook/labelhook/core/nethttp] puts it behind net/http; the
// cloud adapters put it behind their own request shapes.
//
// # Trust
//
// Labelbox signs the body and nothing else. The delivery id and the event name
// travel in headers without a signature, so where the signed body contradicts
// the event header, the body wins (see [Identify]). Nothing in a request is
// parsed before its signature holds, and without a usable secret every request
// is answered 503.
package core
