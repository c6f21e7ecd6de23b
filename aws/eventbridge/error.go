package eventbridge

import (
	"strings"

	"github.com/labelhook/labelhook/aws/internal/sdk"
)

// unfit reports whether EventBridge refuses a detail although it is within the
// limits that we know.
func unfit(err error) bool {
	switch sdk.Code(err) {
	case "MalformedDetail", "RequestEntityTooLarge":
		return true
	case "ValidationException":
		return strings.Contains(err.Error(), "size of the entries in the request is over the limit")
	}
	return false
}

var remedies = sdk.Remedies{
	"AccessDenied":               "allow this process events:PutEvents on the bus",
	"NotAuthorizedForSource":     "allow the source labelbox in the bus's policy",
	"NotAuthorizedForDetailType": "allow the detail-types com.labelbox.* in the bus's policy",
	"ResourceNotFound":           "create the bus, or name one that exists; a name alone is looked for in this process's account and region (AWS_REGION), so write the ARN of a bus elsewhere",
}
