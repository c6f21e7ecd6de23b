// Worker is the Lambda function that takes what the receiver has put into a queue, a
// bus or a bucket, and passes it on to where the environment says. One with a handler
// of its own is these few lines with the handler in place of nil. Its binary must be
// called bootstrap.
package main

import (
	"github.com/labelhook/labelhook/aws"
	"github.com/labelhook/labelhook/aws/eventbridge"
	"github.com/labelhook/labelhook/aws/s3"
	"github.com/labelhook/labelhook/aws/sqs"
	"github.com/labelhook/labelhook/core"
)

func main() {
	aws.StartWorker(nil,
		core.WithDestination("sqs", sqs.Open),
		core.WithDestination("eventbridge", eventbridge.Open),
		core.WithDestination("s3", s3.OpenSource),
	)
}
