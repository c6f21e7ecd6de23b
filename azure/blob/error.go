package blob

import (
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"github.com/labelhook/labelhook/azure/internal/sdk"
)

// exists reports whether there is such a blob already.
func exists(err error) bool {
	return bloberror.HasCode(err, bloberror.BlobAlreadyExists, bloberror.ConditionNotMet)
}

var remedies = sdk.Remedies{
	string(bloberror.ContainerNotFound):               "create the container",
	string(bloberror.ContainerBeingDeleted):           "wait until it is gone, then create the container",
	string(bloberror.AuthorizationPermissionMismatch): `give the app's identity the role "Storage Blob Data Contributor" on the container`,
}
