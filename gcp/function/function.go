// Package function is the function that deploy/gcp deploys: importing it
// registers LabelboxWebhook, configured by its environment, with the
// destinations pubsub:// and gs:// besides those that need no cloud. A wrong
// configuration ends the program that imports it, so no other package does.
//
// To leave a destination out, import [github.com/labelhook/labelhook/gcp] and
// the others instead, and call [gcp.Register] as this package does.
package function

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
	Handler = gcp.Register("LabelboxWebhook", nil,
		core.WithDestination("pubsub", pubsub.Open), core.WithDestination("gs", gcs.Open))
}
