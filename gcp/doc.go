// Package gcp serves a [core.Receiver] as a Google Cloud function, on the
// Functions Framework for Go.
//
// [Register] makes an HTTP function of what the LABELHOOK_ environment says and
// of a handler of one's own; package
// [github.com/labelhook/labelhook/gcp/function] does so for the environment
// alone, and is what deploy/gcp deploys. [NewHandler] is for those who make
// their own receiver.
//
// The framework leaves to the function what others do for theirs: it has no
// limit on bodies, gives the function every method and path, and on SIGTERM
// drops the requests under way. Here bodies end at the receiver's limit, before
// they are in memory; what is not POST is answered 405; deliveries are taken at
// every path, because it is the signature and not the path that says who sends;
// and at SIGTERM the requests under way are answered before the process ends.
// A double slash or a dot segment in the path never comes this far: the
// framework redirects it, which a sender of webhooks does not follow.
package gcp
