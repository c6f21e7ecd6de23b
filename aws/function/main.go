// Function is the Lambda function that is deployed as it is: the environment
// says where the webhook secret is and where deliveries go. Its binary must be
// called bootstrap.
package main

import (
	"github.com/labelhook/labelhook/aws"
	"github.com/labelhook/labelhook/aws/eventbridge"
	"github.com/labelhook/labelhook/aws/s3"
	"github.com/labelhook/labelhook/aws/sqs"
)

func main() {
	aws.Start(nil,
		aws.WithDestination("sqs", sqs.Open),
		aws.WithDestination("eventbridge", eventbridge.Open),
		aws.WithDestination("s3", s3.Open),
	)
}
