package azurehost_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	"github.com/labelhook/labelhook/internal/test/azurehost"
)

// What a function with a third binding gets instead of the request.
func Example() {
	body := `{"dataRowIds":["row"]}`
	r, err := http.NewRequest("POST", "http://example.azurewebsites.net/api/labelbox", strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	r.Header.Set("Content-Type", "application/json")
	envelope, err := azurehost.Seal("labelbox", r, []byte(body))
	if err != nil {
		panic(err)
	}
	data, _, _ := bytes.Cut(envelope, []byte(`,"Identities":`))
	fmt.Println(strings.ReplaceAll(string(data), `,"`, ",\n\""))
	// Output:
	// {"Data":{"req":{"Url":"http://example.azurewebsites.net/api/labelbox",
	// "Method":"POST",
	// "Query":{},
	// "Headers":{"Content-Type":["application/json"]},
	// "Params":{}
}
