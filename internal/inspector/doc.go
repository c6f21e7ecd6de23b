// Package inspector is the page of labelhook listen: what came, whether it was
// genuine, what it says, the label drawn over its image, and a way to send it
// again.
//
// The pages are rendered here; the scripts in static only save reloads, so that
// every state of the page has a URL. Nothing is fetched from elsewhere unless the
// user clicks, and nothing a payload says is ever markup or script: the
// Content-Security-Policy of guard.go allows neither.
package inspector
