package sqs

import (
	"strings"

	"github.com/labelhook/labelhook/aws/internal/sdk"
	"github.com/labelhook/labelhook/core/destination"
)

func explain(q *queue, err error) error {
	// A queue may have been made with a MaximumMessageSize of its own.
	if sdk.Code(err) == "InvalidParameterValue" && strings.Contains(err.Error(), "must be shorter than") {
		return destination.ErrTooLarge
	}
	return sdk.Explain(q.String(), err, remedies)
}

var remedies = sdk.Remedies{
	"AWS.SimpleQueueService.NonExistentQueue": noQueue,
	"QueueDoesNotExist":                       noQueue,
	"AccessDenied":                            "allow this process sqs:SendMessage on the queue, sqs:GetQueueUrl if it is named without its account, and kms:GenerateDataKey and kms:Decrypt on its key if it has one of its own",
}

const noQueue = "create the queue, or name one that exists; a name alone is looked for in this process's account and region (AWS_REGION), so write the ARN of a queue elsewhere"
