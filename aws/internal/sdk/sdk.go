// Package sdk is what labelhook's parts for AWS share of AWS's SDK: clients
// that are made when first needed and give up in time, and errors that say what
// to do.
package sdk

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// A call is tried three times with at most half a second between, and none of
// them waits longer than these for the other side. A function has ten seconds
// for a delivery, and its sender may not have more.
const (
	attempts   = 3
	maxBackoff = 500 * time.Millisecond
	toConnect  = 2 * time.Second
	toAnswer   = 3 * time.Second // once the whole request is sent
)

// Client returns a function that makes a service's client when it is first
// called, and gives the same one ever after. Region, credentials and endpoints
// come from the environment; a region that is not empty outweighs that.
func Client[C any](region string, make func(aws.Config) C) func() (C, error) {
	return WaitingClient(region, 0, make)
}

// LoadConfig makes the configuration of all clients. It is that of the environment
// alone, unless a program that people run puts the SDK's full one in its place, with
// profiles and single sign-on.
var LoadConfig = func() (aws.Config, error) { return fromEnvironment(), nil }

// WaitingClient is [Client] for calls that the service may answer so much later,
// because it waits for something.
func WaitingClient[C any](region string, wait time.Duration, make func(aws.Config) C) func() (C, error) {
	return sync.OnceValues(func() (client C, err error) {
		c, err := LoadConfig()
		if err != nil {
			return client, err
		}
		if region != "" {
			c.Region = region
		}
		if c.Region == "" {
			return client, errors.New("no AWS region is configured; set AWS_REGION")
		}
		c.Retryer = func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts, o.MaxBackoff = attempts, maxBackoff
			})
		}
		c.HTTPClient = awshttp.NewBuildableClient().
			WithDialerOptions(func(d *net.Dialer) { d.Timeout = toConnect }).
			WithTransportOptions(func(t *http.Transport) {
				t.TLSHandshakeTimeout, t.ResponseHeaderTimeout = toConnect, toAnswer+wait
			})
		if c.Credentials != nil {
			return make(c), nil
		}
		provider, err := credentialsFor(c)
		if err != nil {
			return client, fmt.Errorf("no AWS credentials: %w", err)
		}
		c.Credentials = aws.NewCredentialsCache(provider)
		return make(c), nil
	})
}
