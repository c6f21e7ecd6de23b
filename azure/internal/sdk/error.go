package sdk

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// ExampleBucket stands in remedies for the URL of a bucket.
const ExampleBucket = "azblob://ACCOUNT/CONTAINER/PREFIX"

// Remedies says what to do about an error, by its code.
type Remedies map[string]string

// Explain turns an error of the SDK into one line: what it happened to, what
// Azure says and, where there is one, the remedy. The SDK's own text has many
// lines and the URL, with any signature in it. Its error stays reachable
// through errors.As. Explain(…, nil, …) is nil.
func Explain(what string, err error, remedies Remedies) error {
	if err == nil {
		return nil
	}
	text, code := say(err)
	remedy := remedies[code]
	switch {
	case code == noToken:
		remedy = NoToken
	case remedy == "":
		remedy = common[code]
	}
	return Problem(what, text, remedy, err)
}

// Problem is an error in one line: what it happened to, what happened and, if
// not empty, what to do about it. It wraps the cause.
func Problem(what, text, remedy string, cause error) error {
	text = strings.TrimSuffix(oneLine(text), ".")
	if remedy != "" {
		text += "; " + remedy
	}
	return &problem{what + ": " + text, cause}
}

type problem struct {
	text  string
	cause error
}

func (p *problem) Error() string { return p.text }
func (p *problem) Unwrap() error { return p.cause }

func say(err error) (text, code string) {
	var identity *azidentity.AuthenticationFailedError
	var http *azcore.ResponseError
	var address *url.Error
	switch {
	case errors.As(err, &identity):
		text := Identity + " got no token"
		if identity.RawResponse != nil {
			text += fmt.Sprintf(" (status %d)", identity.RawResponse.StatusCode)
		}
		return text, noToken
	case strings.Contains(err.Error(), "ManagedIdentityCredential"), strings.Contains(err.Error(), "DefaultAzureCredential"): // its other errors have no type
		return "there is no " + strings.TrimPrefix(Identity, "the "), noToken
	case errors.As(err, &http):
		return strings.TrimSpace(fmt.Sprintf("answered %d %s", http.StatusCode, http.ErrorCode)), http.ErrorCode
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time", ""
	case errors.As(err, &address):
		return address.Err.Error(), ""
	}
	return err.Error(), ""
}

const noToken = "no token"

// Who signs in, and what to do if that fails.
var (
	Identity = "the managed identity"
	NoToken  = "give the app a managed identity (and its client id in AZURE_CLIENT_ID if it has several)"
)

// common are the remedies for what every service may say.
var common = Remedies{
	"AuthenticationFailed":               credentials,
	"InvalidAuthenticationInfo":          credentials,
	"KeyBasedAuthenticationNotPermitted": "the account takes no keys; unset " + StorageVariable + " to use the managed identity",
	"AuthorizationFailure":               "let the account's firewall admit this app's network",
}

const credentials = "give the app a managed identity, or a connection string that is still valid"

func oneLine(text string) string {
	const enough = 300
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > enough {
		text = strings.ToValidUTF8(text[:enough], "") + "…"
	}
	return text
}
