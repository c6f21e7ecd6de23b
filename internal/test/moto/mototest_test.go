package moto_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/internal/test/moto"
	"github.com/labelhook/labelhook/internal/test/required"
)

func TestStart(t *testing.T) {
	url := moto.Start(t)
	if os.Getenv("AWS_ENDPOINT_URL") != url {
		t.Errorf("the SDK is pointed at %q, not %q", os.Getenv("AWS_ENDPOINT_URL"), url)
	}
	response, err := http.Get(url + "/moto-api/data.json")
	required.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != 200 || !strings.Contains(string(body), "{") {
		t.Errorf("answered %d %s, %v", response.StatusCode, body, err)
	}
}

func Example() {
	test := func(t *testing.T) {
		url := moto.Start(t) // the SDK of this process talks to it now
		t.Log("for another process:", moto.Environment(url))
	}
	fmt.Printf("%T %s\n", test, moto.Environment("http://localhost:5000")["AWS_ENDPOINT_URL"])
	// Output: func(*testing.T) http://localhost:5000
}
