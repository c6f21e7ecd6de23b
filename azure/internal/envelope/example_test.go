package envelope_test

import (
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/labelhook/labelhook/azure/internal/envelope"
	"github.com/labelhook/labelhook/core"
)

func Example() {
	r := httptest.NewRequest("POST", "/labelbox", strings.NewReader(`{"Data":{"req":{"Method":"POST","Headers":{"X-Labelbox-Id":["one"]},"Body":"{}"}}}`))
	fmt.Println(envelope.Open(r))
	request := envelope.Read(r, 1000)
	fmt.Printf("%s %s %s\n", request.Method, request.Header.Values(core.IDHeader), request.Body)
	answer := httptest.NewRecorder()
	envelope.Write(answer, core.Response{Status: 200, Body: []byte("taken")})
	fmt.Println(answer.Code, answer.Body)
	// Output:
	// true
	// POST [one] {}
	// 200 {"Outputs":{"res":{"statusCode":"200","headers":{},"body":"taken"}},"Logs":[],"ReturnValue":null}
}
