// Package conformance is one table of requests and verdicts for everything that
// receives deliveries, so that the same input gets the same answer on every
// platform.
//
// A platform runs the table against its built artefact: the Lambda binary
// behind a runtime API, the function behind its framework, the custom handler
// behind a model of its host, the local receiver over HTTP. It starts the
// artefact with the variables of [Environment], a [Destination] among them, and
// calls [Run]:
//
//	destination := conformance.NewDestination(t)
//	address := start(t, conformance.Environment(destination.URL))
//	conformance.Run(t, conformance.Cases(), conformance.Platform{
//		Do:    conformance.HTTP(address, "/webhook-endpoint"),
//		Taken: destination.Taken,
//	})
//
// [HTTP] writes each request to a TCP connection, byte for byte as the case
// states it. A platform with an envelope of its own has its own Do, which wraps
// the case's method, header and body the way that host does and unwraps the
// answer. Hosts without framing ignore [Case.Framing].
//
// [WithoutSecret] is a second, short table for an artefact that was started
// with no usable secret.
//
// # What a host makes impossible
//
// Some hosts do not let a case through as it is: a front end refuses large
// bodies itself, or joins repeated headers with commas. The platform says so in
// [Platform.Deviations], by the name of the case, with the reason and, where
// the request arrives at all, the verdict it gets there:
//
//	Deviations: map[string]conformance.Deviation{
//		"body one byte over the limit": {Reason: "API Gateway answers 413 itself"},
//		"signature twice, the same":    {Reason: "the host joins headers with commas", Want: &conformance.Malformed},
//	}
//
// A case without a verdict there is skipped under its reason. A deviation that
// names no case fails the run, so none outlives what it was for.
package conformance
