package servicebus

import (
	"errors"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus"
	"github.com/Azure/go-amqp"

	"github.com/labelhook/labelhook/azure/internal/sdk"
	"github.com/labelhook/labelhook/core/destination"
)

// explain makes one line of what the SDK prints in several forms.
func explain(e *entity, err error) error {
	var condition *amqp.Error
	var service *azservicebus.Error // hides the condition in it
	switch {
	case errors.Is(err, azservicebus.ErrMessageTooLarge):
		return destination.ErrTooLarge
	case errors.As(err, &condition):
		code := string(condition.Condition)
		return sdk.Problem(e.String(), code+" "+condition.Description, remedies[code], err)
	case errors.As(err, &service) && service.Code == azservicebus.CodeUnauthorizedAccess:
		return sdk.Problem(e.String(), string(service.Code), remedies[string(service.Code)], err)
	}
	return sdk.Explain(e.String(), err, nil)
}

var remedies = map[string]string{
	string(azservicebus.CodeUnauthorizedAccess): `give the app's identity the role "Azure Service Bus Data Sender" on the namespace or entity`,
	string(amqp.ErrCondNotFound):                "create the queue or topic",
	string(amqp.ErrCondResourceLimitExceeded):   "take messages out of it, or give it more room: it is full",
	"com.microsoft:entity-disabled":             "enable it",
}
