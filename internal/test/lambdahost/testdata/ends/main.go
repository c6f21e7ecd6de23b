// Ends is a function that ends, hangs or fails as its event says, or at once.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	if os.Getenv("END") != "" {
		fmt.Println("ending at once")
		os.Exit(0)
	}
	lambda.Start(func(_ context.Context, what string) (string, error) {
		switch what {
		case "end":
			fmt.Println("ending over it")
			os.Exit(1)
		case "hang":
			select {}
		case "fail":
			return "", errors.New("failing")
		}
		return what, nil
	})
}
