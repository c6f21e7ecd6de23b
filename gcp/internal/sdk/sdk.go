// Package sdk is what labelhook's destinations on Google Cloud share: clients
// that are made when first needed.
package sdk

import (
	"context"
	"sync"
)

// ExampleBucket stands in remedies for the URL of a bucket.
const ExampleBucket = "gs://BUCKET/PREFIX"

// Client returns a function that makes a service's client when it is first
// called, and again if that failed, and gives the same one ever after. The client
// outlives the context.
func Client[C any](make func(context.Context) (C, error)) func(context.Context) (C, error) {
	var mu sync.Mutex
	var client C
	made := false
	return func(ctx context.Context) (C, error) {
		mu.Lock()
		defer mu.Unlock()
		if made {
			return client, nil
		}
		c, err := make(context.WithoutCancel(ctx))
		if err == nil {
			client, made = c, true
		}
		return c, err
	}
}
