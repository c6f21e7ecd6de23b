// Command handler is the Azure function as it is deployed: it receives
// deliveries and sends them to what the environment names. It is built for
// Linux on amd64, under the name that host.json gives:
//
//	CGO_ENABLED=0 GOOS=linux GOARCH=amd64 go build -trimpath -ldflags "-s -w" -o handler ./azure/function
//
// See package azure for how it behaves towards the host.
package main

import (
	"github.com/labelhook/labelhook/azure"
	"github.com/labelhook/labelhook/azure/blob"
	"github.com/labelhook/labelhook/azure/queue"
	"github.com/labelhook/labelhook/azure/servicebus"
	"github.com/labelhook/labelhook/core"
)

func main() {
	azure.Start(nil,
		core.WithDestination("azblob", blob.Open),
		core.WithDestination("azqueue", queue.Open),
		core.WithDestination("servicebus", servicebus.Open),
	)
}
