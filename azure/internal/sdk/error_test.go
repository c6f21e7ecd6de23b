package sdk_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/labelhook/labelhook/azure/internal/sdk"
)

const key = "the-key-in-the-url"

// answered is the SDK's error for an answer.
func answered(status int, code string) error {
	address := &url.URL{Scheme: "https", Host: "account.blob.core.windows.net", Path: "/c", RawQuery: "sig=" + key}
	return runtime.NewResponseError(&http.Response{
		StatusCode: status,
		Header:     http.Header{"X-Ms-Error-Code": {code}},
		Body:       io.NopCloser(strings.NewReader("an answer\nof two lines")),
		Request:    &http.Request{Method: "PUT", URL: address},
	})
}

func TestExplainIsOneLineWithoutTheURL(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"with a remedy of the service's": {answered(404, "ContainerNotFound"), "it: answered 404 ContainerNotFound; create it"},
		"with a remedy for all":          {answered(403, "AuthenticationFailed"), "it: answered 403 AuthenticationFailed; give the app a managed identity, or a connection string that is still valid"},
		"with none":                      {answered(500, "InternalError"), "it: answered 500 InternalError"},
		"without a code":                 {answered(502, ""), "it: answered 502"},
		"no token":                       {&azidentity.AuthenticationFailedError{RawResponse: &http.Response{StatusCode: 400}}, "it: the managed identity got no token (status 400); give the app a managed identity (and its client id in AZURE_CLIENT_ID if it has several)"},
		"no identity":                    {errors.New("ManagedIdentityCredential: no such\nendpoint"), "it: there is no managed identity; give the app a managed identity (and its client id in AZURE_CLIENT_ID if it has several)"},
		"too late":                       {fmt.Errorf("x: %w", context.DeadlineExceeded), "it: no answer in time"},
		"the network's":                  {&url.Error{Op: "Put", URL: "https://host?sig=" + key, Err: errors.New("connection refused")}, "it: connection refused"},
		"of two lines":                   {errors.New("one\n  two."), "it: one two"},
		"long":                           {errors.New(strings.Repeat("é", 1000)), "it: " + strings.Repeat("é", 150) + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			got := sdk.Explain("it", test.err, sdk.Remedies{"ContainerNotFound": "create it"})
			if got.Error() != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if !errors.Is(got, test.err) {
				t.Error("the cause is lost")
			}
		})
	}
	if err := sdk.Explain("it", nil, nil); err != nil {
		t.Errorf("no error became %v", err)
	}
}

func Example() {
	err := sdk.Explain("azblob://account/labels", &azcore.ResponseError{StatusCode: 403, ErrorCode: "AuthorizationPermissionMismatch"},
		sdk.Remedies{"AuthorizationPermissionMismatch": "let the app write"})
	fmt.Println(err)
	// Output: azblob://account/labels: answered 403 AuthorizationPermissionMismatch; let the app write
}
