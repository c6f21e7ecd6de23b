// Package azure receives Labelbox webhooks on Azure Functions, as a custom
// handler: a program that the Functions host starts beside itself and to which
// it passes HTTP requests on. [Start] is all that a main function needs:
//
//	func main() {
//		azure.Start(&core.Mux{LabelCreated: …})
//	}
//
// # What the host must be told
//
// The host passes requests on in one of three ways, and chooses by host.json
// and function.json:
//
//   - proxying ("enableProxyingHttpRequest": true): the request as it came;
//   - forwarding ("enableForwardingHttpRequest": true, for hosts older than
//     2025): rebuilt. A body that was sent in chunks is lost on the way, and the
//     sender gets 500 from the host;
//   - the envelope, a JSON document that describes the request: without either,
//     and in any case if the function has any binding besides one
//     httpTrigger and one http output.
//
// Set both flags, and keep to the two bindings. To have deliveries in a
// queue or bucket, name it in LABELHOOK_DESTINATIONS; a binding would bring the
// envelope.
//
// # What goes wrong in the envelope
//
// Labelbox signs bytes. In the envelope the host sends a body as text, decoded
// from UTF-8, unless its type is application/octet-stream or multipart: then
// the exact bytes come in base64. Labelbox sends application/json, and the text's
// UTF-8 bytes are the signed ones for every valid UTF-8 document without a byte
// order mark, which is what Labelbox is known to send. For any other the host
// has changed them for good, and the delivery, though genuine, is refused:
//
//   - a byte order mark, UTF-16, an invalid UTF-8 sequence or a compressed body:
//     401 signature_mismatch;
//   - a body sent in chunks: the host leaves it out, so 400 body_empty.
//
// None of this accepts what is not genuine: the signature decides in all three
// ways. The names of the bindings must be "req" and "res", and the function's
// folder must be called labelbox, because the host sends envelopes to the path
// /labelbox. Each answer is an envelope too: 200 towards the host in any
// case, with the delivery's own status inside, since the host turns every
// other status into a bare 500.
//
// # What the host does to the process
//
// It asks GET / until it gets any answer, so Start answers that at once, before
// it knows whether there is a secret. It starts a process that ended again only
// if its exit status is not 0, and gives up at the third; so a wrong
// configuration or a secret that cannot be had never ends the process: it is
// logged and every delivery is answered 503, upon which senders try again. The
// host ends the process with SIGKILL, at any time. A delivery that was answered 200 is
// safe even then.
//
// What is written to stdout becomes a trace of level Information in Application
// Insights, and to stderr an Error; all logs go to stdout therefore, one JSON
// object a line, with the level in it.
//
// All of this is as the host's source has it; nothing here was measured inside Azure.
package azure
