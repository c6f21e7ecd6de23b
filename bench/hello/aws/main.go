// Aws is the least that a Lambda function in Go can be, which the size and the
// start of labelhook's are budgeted against.
package main

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	lambda.Start(func(context.Context, json.RawMessage) (string, error) { return "Hello, world!", nil })
}
