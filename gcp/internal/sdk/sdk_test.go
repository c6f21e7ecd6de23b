package sdk_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/labelhook/labelhook/gcp/internal/sdk"
)

func ExampleClient() {
	calls := 0
	client := sdk.Client(func(context.Context) (string, error) {
		if calls++; calls == 1 {
			return "", errors.New("no credentials yet")
		}
		return fmt.Sprint("client ", calls), nil
	})
	for range 3 {
		fmt.Println(client(context.Background()))
	}
	// Output:
	//  no credentials yet
	// client 2 <nil>
	// client 2 <nil>
}
