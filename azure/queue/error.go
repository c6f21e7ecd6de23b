package queue

import (
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/v2/queueerror"

	"github.com/labelhook/labelhook/azure/internal/sdk"
)

func tooLarge(err error) bool {
	return queueerror.HasCode(err, queueerror.MessageTooLarge, queueerror.RequestBodyTooLarge)
}

var remedies = sdk.Remedies{
	string(queueerror.QueueNotFound):                   "create the queue",
	string(queueerror.QueueBeingDeleted):               "wait until it is gone, then create the queue",
	string(queueerror.AuthorizationPermissionMismatch): `give the app's identity the role "Storage Queue Data Message Sender" on the queue`,
}
