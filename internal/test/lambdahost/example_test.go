package lambdahost_test

import (
	"encoding/json"
	"fmt"

	"github.com/labelhook/labelhook/internal/test/lambdahost"
)

// Triggers differ, for instance in what they make of a header that is sent twice.
func Example() {
	request := lambdahost.Request{Method: "POST", Body: []byte("{}"), Header: [][2]string{{"X-A", "1"}, {"x-a", "2"}}}
	for _, trigger := range []lambdahost.Trigger{lambdahost.FunctionURL, lambdahost.ALB} {
		var event struct{ Headers map[string]string }
		if err := json.Unmarshal(trigger.Event(request), &event); err != nil {
			panic(err)
		}
		fmt.Println(trigger.Name, event.Headers["x-a"])
	}
	answer, err := lambdahost.ALB.Answer([]byte(
		`{"statusCode":405,"statusDescription":"405 Method Not Allowed","headers":{"Allow":"POST"},"body":"","isBase64Encoded":false}`))
	fmt.Println(answer.Status, answer.Header, err)
	// Output:
	// Function URL 1,2
	// ALB 2
	// 405 map[Allow:[POST]] <nil>
}
