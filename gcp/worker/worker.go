// Package worker is the function behind a subscription or a bucket: importing it
// registers LabelboxWorker, which passes deliveries on to where its environment says.
// One with a handler of its own is these few lines with the handler in place of nil. A
// wrong configuration ends the program that imports it, so no other package does.
package worker

import (
	"net/http"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/gcp"
	"github.com/labelhook/labelhook/gcp/gcs"
	"github.com/labelhook/labelhook/gcp/pubsub"
)

// Handler answers as the deployed function does.
var Handler http.Handler

func init() {
	Handler = gcp.RegisterWorker("LabelboxWorker", nil,
		core.WithDestination("pubsub", pubsub.Open), core.WithDestination("gs", gcs.OpenSource))
}
