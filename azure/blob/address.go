package blob

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/labelhook/labelhook/azure/internal/sdk"
	"github.com/labelhook/labelhook/core/destination"
)

// address is where a destination's URL points to.
type address struct {
	storage   sdk.Storage
	container string
	prefix    string // see [destination.ObjectPrefix]
}

// parse reads the URL of a destination. Its error does not repeat it.
func parse(url string) (a address, err error) {
	host, path, err := sdk.Split(url)
	container, prefix, _ := strings.Cut(path, "/")
	if err != nil || !sdk.IsStorageName(container) || prefix != "" && !fs.ValidPath(prefix) {
		return address{}, errors.New("this names no container; write azblob://ACCOUNT/CONTAINER or azblob://ACCOUNT/CONTAINER/PREFIX")
	}
	a.container = container
	if a.prefix, err = destination.ObjectPrefix(prefix); err != nil {
		return address{}, err
	}
	a.storage, err = sdk.OpenStorage(host, "blob")
	return a, err
}

// String returns the URL without the prefix.
func (a address) String() string { return "azblob://" + a.storage.Account + "/" + a.container }
