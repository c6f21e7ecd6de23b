package queue

import (
	"errors"

	"github.com/labelhook/labelhook/azure/internal/sdk"
)

// address is where a destination's URL points to.
type address struct {
	storage sdk.Storage
	name    string
}

// parse reads the URL of a destination. Its error does not repeat it.
func parse(url string) (address, error) {
	host, name, err := sdk.Split(url)
	if err != nil || !sdk.IsStorageName(name) {
		return address{}, errors.New("this names no queue; write azqueue://ACCOUNT/QUEUE")
	}
	storage, err := sdk.OpenStorage(host, "queue")
	return address{storage, name}, err
}

// String returns the URL.
func (a address) String() string { return "azqueue://" + a.storage.Account + "/" + a.name }
