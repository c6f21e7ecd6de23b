// Package payload holds what the bodies of Labelbox's webhooks are. [Identify]
// names the event of a body, reading no more of it than that takes; [DecodeLabel],
// [DecodeWorkflow] and [DecodeModelRun] read all of it.
//
// The forms are those of https://docs.labelbox.com/reference/webhook and of what
// Labelbox has been seen to send besides. v1 and v2 are read into one form, every
// known spelling of a member's name is taken, and what is not known stays
// reachable as raw JSON.
//
// The package knows nothing of requests, signatures and deliveries: those are in
// package [github.com/labelhook/labelhook/core].
package payload
