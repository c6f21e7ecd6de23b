// Worker is the Azure function that takes what the receiver has put into a queue, a
// topic or a container, and passes it on to where the environment says. One with a
// handler of its own is these few lines with the handler in place of nil. It is built
// as the receiver is, under the name that host.json gives.
package main

import (
	"github.com/labelhook/labelhook/azure"
	"github.com/labelhook/labelhook/azure/blob"
	"github.com/labelhook/labelhook/azure/queue"
	"github.com/labelhook/labelhook/azure/servicebus"
	"github.com/labelhook/labelhook/core"
)

func main() {
	azure.StartWorker(nil,
		core.WithDestination("azblob", blob.OpenSource),
		core.WithDestination("azqueue", queue.Open),
		core.WithDestination("servicebus", servicebus.Open),
	)
}
