package sqs

import (
	"strings"

	"github.com/labelhook/labelhook/aws/internal/sdk"
)

// tooLong reports whether the queue has refused a message for its length, as
// one does that was made with a MaximumMessageSize of its own.
func tooLong(err error) bool {
	return sdk.Code(err) == "InvalidParameterValue" && strings.Contains(err.Error(), "must be shorter than")
}

var remedies = sdk.Remedies{
	"AWS.SimpleQueueService.NonExistentQueue": noQueue,
	"QueueDoesNotExist":                       noQueue,
	"AccessDenied":                            "allow this process sqs:SendMessage on the queue, sqs:GetQueueUrl if it is named without its account, and kms:GenerateDataKey and kms:Decrypt on its key if it has one of its own",
}

const noQueue = "create the queue, or name one that exists; a name alone is looked for in this process's account and region (AWS_REGION), so write the ARN of a queue elsewhere"
