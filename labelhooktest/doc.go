// Package labelhooktest is for the tests of those who write handlers. It has
// payloads as Labelbox sends them ([Sample]), deliveries and signed requests made
// of them ([Delivery], [Request]), a receiver around a handler that says what the
// sender would be answered ([Receive]), and a stand-in of Labelbox's API that
// webhooks can be registered at ([NewAPI]).
//
// Nothing here leaves the process but requests to loopback servers.
package labelhooktest
