package gcs_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/internal/test/gcs"
)

func Example() {
	test := func(t *testing.T) {
		server := gcs.New(t, "bucket")
		t.Setenv("STORAGE_EMULATOR_HOST", server.URL)
		// … write with the client under test …
		for name, object := range server.Objects() {
			t.Log(name, len(object.Content))
		}
	}
	fmt.Printf("%T\n", test)
	// Output: func(*testing.T)
}

// What the fake refuses is what a test of a client relies on.
func TestRefusals(t *testing.T) {
	server := gcs.New(t, "bucket")
	upload := func(bucket, query, resource, contentType string) int {
		body := "--x\r\nContent-Type: application/json\r\n\r\n" + resource + "\r\n--x\r\nContent-Type: " + contentType + "\r\n\r\ncontent\r\n--x--\r\n"
		response, err := http.Post(server.URL+"/upload/storage/v1/b/"+bucket+"/o?uploadType=multipart&"+query, "multipart/related; boundary=x", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode
	}
	for _, test := range []struct {
		name, bucket, query, resource, contentType string
		want                                       int
	}{
		{"a new object", "bucket", "ifGenerationMatch=0", `{"name":"a"}`, "text/plain", 200},
		{"the same again", "bucket", "ifGenerationMatch=0", `{"name":"a"}`, "text/plain", 412},
		{"the same without a precondition", "bucket", "", `{"name":"a"}`, "text/plain", 200},
		{"another bucket", "another", "", `{"name":"a"}`, "text/plain", 404},
		{"no name", "bucket", "", `{}`, "text/plain", 400},
		{"no JSON", "bucket", "", `name`, "text/plain", 400},
		{"a wrong checksum", "bucket", "", `{"name":"b","crc32c":"AAAAAA=="}`, "text/plain", 400},
		{"no content type", "bucket", "", `{"name":"b"}`, "/", 400},
	} {
		if got := upload(test.bucket, test.query, test.resource, test.contentType); got != test.want {
			t.Errorf("%s: status %d, want %d", test.name, got, test.want)
		}
	}
	server.Refuse(503, "later")
	if got := upload("bucket", "", `{"name":"c"}`, "text/plain"); got != 503 {
		t.Errorf("status %d while refusing", got)
	}
	if server.Requests() != 9 || len(server.Objects()) != 1 {
		t.Errorf("%d requests, objects %v", server.Requests(), server.Objects())
	}
}
