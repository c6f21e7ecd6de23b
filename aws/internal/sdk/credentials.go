package sdk

import (
	"errors"
	neturl "net/url"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/labelhook/labelhook/internal/loopback"
)

// credentialsFor returns what gives this process credentials, in the SDK's order:
// keys in the environment, as Lambda sets them; a web identity, as
// Kubernetes gives a pod; the container's agent, of ECS or of EKS; the
// instance's role.
func credentialsFor(c aws.Config) (aws.CredentialsProvider, error) {
	const (
		web      = "AWS_WEB_IDENTITY_TOKEN_FILE"
		relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
		full     = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
	)
	key, secret := os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY")
	switch {
	case key != "" && secret != "":
		return credentials.NewStaticCredentialsProvider(key, secret, os.Getenv("AWS_SESSION_TOKEN")), nil
	case firstOf("AWS_PROFILE", "AWS_DEFAULT_PROFILE") != "":
		return nil, errors.New(`AWS_PROFILE is set, but profiles are not read here; unset it, or set what "aws configure export-credentials --format env" prints`)
	case os.Getenv(web) != "":
		return stscreds.NewWebIdentityRoleProvider(sts.NewFromConfig(c), os.Getenv("AWS_ROLE_ARN"), stscreds.IdentityTokenFile(os.Getenv(web)),
			func(o *stscreds.WebIdentityRoleOptions) { o.RoleSessionName = os.Getenv("AWS_ROLE_SESSION_NAME") }), nil
	case os.Getenv(relative) != "":
		return agent(c, "http://169.254.170.2"+os.Getenv(relative)), nil
	case os.Getenv(full) != "":
		if !trustworthy(os.Getenv(full)) {
			return nil, errors.New(full + " is neither https nor an address of this machine, of ECS's or of EKS's agent; correct it")
		}
		return agent(c, os.Getenv(full)), nil
	}
	return ec2rolecreds.New(), nil
}

func agent(c aws.Config, url string) aws.CredentialsProvider {
	return endpointcreds.New(url, func(o *endpointcreds.Options) {
		o.Retryer = c.Retryer()
		o.AuthorizationToken = os.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN")
		if file := os.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); file != "" {
			// The agent changes it from time to time.
			o.AuthorizationTokenProvider = endpointcreds.TokenProviderFunc(func() (string, error) {
				token, err := os.ReadFile(file)
				return string(token), err
			})
		}
	})
}

// trustworthy reports whether credentials may be fetched from a URL: by https,
// or from where the network between cannot be anyone else's.
func trustworthy(url string) bool {
	u, err := neturl.Parse(url)
	if err != nil || u.Host == "" {
		return false
	}
	switch u.Scheme + "://" + u.Hostname() {
	case "http://169.254.170.2", "http://169.254.170.23", "http://fd00:ec2::23":
		return true
	}
	return u.Scheme == "https" || u.Scheme == "http" && loopback.Confines(u.Hostname()) // the SDK asks a resolver for names below localhost
}
