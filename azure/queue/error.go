package queue

import (
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/v2/queueerror"

	"github.com/labelhook/labelhook/azure/internal/sdk"
	"github.com/labelhook/labelhook/core/destination"
)

func explain(q *queue, err error) error {
	if queueerror.HasCode(err, queueerror.MessageTooLarge, queueerror.RequestBodyTooLarge) {
		return destination.ErrTooLarge
	}
	return sdk.Explain(q.String(), err, remedies)
}

var remedies = sdk.Remedies{
	string(queueerror.QueueNotFound):                   "create the queue",
	string(queueerror.QueueBeingDeleted):               "wait until it is gone, then create the queue",
	string(queueerror.AuthorizationPermissionMismatch): `give the app's identity the role "Storage Queue Data Message Sender" on the queue`,
}
