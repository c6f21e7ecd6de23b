package eventbridge

import (
	"strings"

	"github.com/labelhook/labelhook/aws/internal/sdk"
	"github.com/labelhook/labelhook/core/destination"
)

func explain(b *bus, err error) error {
	switch code := sdk.Code(err); {
	case code == "MalformedDetail", code == "RequestEntityTooLarge", // although it is within the limits that we know
		code == "ValidationException" && strings.Contains(err.Error(), "size of the entries in the request is over the limit"):
		return destination.ErrTooLarge
	}
	return sdk.Explain(b.String(), err, remedies)
}

var remedies = sdk.Remedies{
	"AccessDenied":               "allow this process events:PutEvents on the bus",
	"NotAuthorizedForSource":     "allow the source labelbox in the bus's policy",
	"NotAuthorizedForDetailType": "allow the detail-types com.labelbox.* in the bus's policy",
	"ResourceNotFound":           "create the bus, or name one that exists; a name alone is looked for in this process's account and region (AWS_REGION), so write the ARN of a bus elsewhere",
}
