package aws_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/labelhook/labelhook/aws"
)

func ExampleSecretsManager() {
	// Stands for AWS, whose address the SDK knows by itself.
	vault := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"SecretString": "{\"user\": \"me\", \"webhook\": \"the secret given to Labelbox\"}"}`)
	}))
	defer vault.Close()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": vault.URL, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key",
	} {
		os.Setenv(name, value)
		defer os.Unsetenv(name)
	}

	source, err := aws.SecretsManager{}.Secrets("prod/labelbox#webhook")
	if err != nil {
		log.Fatal(err)
	}
	secrets, err := source.Secrets(context.Background())
	fmt.Println(secrets, err)
	// Output: [[secret]] <nil>
}
