package sdk_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/labelhook/labelhook/aws/internal/sdk"
	"github.com/labelhook/labelhook/internal/test/moto"
	"github.com/labelhook/labelhook/internal/test/required"
)

// environment sets these variables, and none else that says who one is.
func environment(t *testing.T, variables map[string]string) {
	t.Helper()
	moto.Use(t, "")
	for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_DEFAULT_PROFILE",
		"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"} {
		t.Setenv(name, variables[name])
		if variables[name] == "" {
			os.Unsetenv(name)
		}
	}
	for name, value := range variables {
		t.Setenv(name, value)
	}
}

func configuration() (aws.Config, error) {
	return sdk.Client("", func(c aws.Config) aws.Config { return c })()
}

func retrieve(t *testing.T) (aws.Credentials, error) {
	t.Helper()
	c, err := configuration()
	required.NoError(t, err)
	return c.Credentials.Retrieve(t.Context())
}

func TestKeysInTheEnvironmentComeFirst(t *testing.T) {
	environment(t, map[string]string{"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token",
		"AWS_PROFILE": "any", "AWS_WEB_IDENTITY_TOKEN_FILE": "none", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/none"})
	c, err := retrieve(t)
	if err != nil || c.AccessKeyID != "key" || c.SecretAccessKey != "secret" || c.SessionToken != "token" {
		t.Errorf("got %+v, %v", c, err)
	}
}

// The agent's answer is the one of
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html.
func TestAContainersAgentGivesCredentials(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	required.NoError(t, os.WriteFile(token, []byte("of the file"), 0o600))
	agent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"AccessKeyId":%q,"SecretAccessKey":"secret","Token":"token","Expiration":"2099-01-01T00:00:00Z"}`,
			r.URL.Path+" "+r.Header.Get("Authorization"))
	}))
	t.Cleanup(agent.Close)
	for want, variables := range map[string]map[string]string{
		"/v1 ":                {},
		"/v1 of the variable": {"AWS_CONTAINER_AUTHORIZATION_TOKEN": "of the variable"},
		"/v1 of the file":     {"AWS_CONTAINER_AUTHORIZATION_TOKEN": "of the variable", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token},
	} {
		variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = agent.URL + "/v1"
		environment(t, variables)
		if c, err := retrieve(t); err != nil || c.AccessKeyID != want || c.Expires.Year() != 2099 {
			t.Errorf("got %+v, %v; want %q", c, err, want)
		}
	}
}

func TestCredentialsAreNotFetchedFromJustAnywhere(t *testing.T) {
	for url, want := range map[string]bool{
		"http://127.0.0.1:1/": true, "http://[::1]/": true, "http://localhost:1/": true, "http://LOCALHOST.:1/": true,
		"http://a.localhost/": false, "http://0.0.0.0/": false,
		"http://169.254.170.2/": true, "http://169.254.170.23/v1": true, "http://[fd00:ec2::23]/v1": true, "https://example.com/": true,
		"http://example.com/": false, "http://169.254.169.254/": false, "http://169.254.170.2.example.com/": false,
		"http://localhost.example.com/": false, "http://10.0.0.1/": false, "http://127.0.0.1@example.com/": false,
		"ftp://127.0.0.1/": false, "127.0.0.1": false, "/v1": false, "http:///v1": false, "http://%zz/": false,
	} {
		environment(t, map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": url})
		if _, err := configuration(); (err == nil) != want {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestAWebIdentityIsGivenARole(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	required.NoError(t, os.WriteFile(token, []byte("the pod's"), 0o600))
	var asked string
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = strings.Join([]string{r.FormValue("Action"), r.FormValue("RoleArn"), r.FormValue("RoleSessionName"), r.FormValue("WebIdentityToken")}, " ")
		fmt.Fprint(w, `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials>`+
			`<AccessKeyId>key</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>`+
			`</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`)
	}))
	t.Cleanup(sts.Close)
	environment(t, map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/r",
		"AWS_ROLE_SESSION_NAME": "session", "AWS_ENDPOINT_URL_STS": sts.URL})
	c, err := retrieve(t)
	if want := "AssumeRoleWithWebIdentity arn:aws:iam::123456789012:role/r session the pod's"; err != nil || c.AccessKeyID != "key" || asked != want {
		t.Errorf("asked %q, got %+v, %v", asked, c, err)
	}
}

// Where nothing is set, the instance is asked; it must not be here.
func TestTheInstanceIsAskedLast(t *testing.T) {
	environment(t, nil)
	if _, err := retrieve(t); err == nil || !strings.Contains(err.Error(), "EC2 IMDS") {
		t.Errorf("got %v", err)
	}
}

func TestAProfileIsRefusedAndNotPassedOver(t *testing.T) {
	environment(t, map[string]string{"AWS_PROFILE": "labels"})
	if _, err := configuration(); err == nil || !strings.Contains(err.Error(), "aws configure export-credentials") {
		t.Errorf("got %v", err)
	}
}
