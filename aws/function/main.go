// Function is the Lambda function that is deployed as it is: the environment
// says where the webhook secret is and where deliveries go. Its binary must be
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
	aws.Start(nil,
		core.WithDestination("sqs", sqs.Open),
		core.WithDestination("eventbridge", eventbridge.Open),
		core.WithDestination("s3", s3.Open),
	)
}
