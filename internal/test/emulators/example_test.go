package emulators_test

import (
	"fmt"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"

	"github.com/labelhook/labelhook/internal/test/emulators"
)

func Example() {
	test := func(t *testing.T) {
		client, err := azblob.NewClientFromConnectionString(emulators.Storage(t), nil)
		if err == nil {
			_, err = client.CreateContainer(t.Context(), "labelbox", nil)
		}
		if err != nil {
			t.Error(err)
		}
	}
	fmt.Printf("%T\n", test)
	// Output: func(*testing.T)
}
