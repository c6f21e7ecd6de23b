// Package sdk is what labelhook's destinations on Azure share of Azure's SDK:
// one managed identity, clients that give up in time, the address of a storage
// account, and errors that say what to do.
package sdk

import (
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// A call is tried three times with at most half a second between, and none of
// them waits longer than these for the other side. All tries together have
// Patience: the delivery's sender waits too, and tries again by itself.
const (
	Retries    = 2
	RetryDelay = 100 * time.Millisecond
	MaxDelay   = 500 * time.Millisecond
	Patience   = 10 * time.Second

	toConnect = 2 * time.Second
	toAnswer  = 4 * time.Second // once the whole request is sent
)

// Options returns the options of every client that speaks HTTP.
func Options() policy.ClientOptions {
	return policy.ClientOptions{
		Transport: transport,
		Retry:     policy.RetryOptions{MaxRetries: Retries, RetryDelay: RetryDelay, MaxRetryDelay: MaxDelay},
		Telemetry: policy.TelemetryOptions{ApplicationID: "labelhook"},
	}
}

var transport = &http.Client{Transport: &http.Transport{
	Proxy:                 http.ProxyFromEnvironment,
	DialContext:           (&net.Dialer{Timeout: toConnect, KeepAlive: 30 * time.Second}).DialContext,
	TLSHandshakeTimeout:   toConnect,
	ResponseHeaderTimeout: toAnswer,
	ForceAttemptHTTP2:     true,
	MaxIdleConns:          100,
	MaxIdleConnsPerHost:   100, // there are few hosts
	IdleConnTimeout:       90 * time.Second,
}}

// Credential returns the managed identity that the process runs under, the
// same for all destinations, so that they share its tokens. Where several are
// assigned to the app, AZURE_CLIENT_ID names one by its client id, as in
// Azure's own SDKs. It does no I/O.
var Credential = sync.OnceValues(func() (azcore.TokenCredential, error) {
	options := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: Options()}
	if id := os.Getenv("AZURE_CLIENT_ID"); id != "" {
		options.ID = azidentity.ClientID(id)
	}
	return azidentity.NewManagedIdentityCredential(options)
})
