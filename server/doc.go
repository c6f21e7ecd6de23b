// Package server receives deliveries on a plain machine or in a container: a
// [core.Receiver] behind an HTTP server whose times and sizes are bounded, with a
// path that tells whether it runs, an end that answers what was begun, and TLS if
// it is given a certificate.
//
// [Server.Run] is all that a main function needs, also one with routes of its own
// ([Server.Other]). [New] is for programs that start and end their server
// themselves and want the same bounds.
package server
