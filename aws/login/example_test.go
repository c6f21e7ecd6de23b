package login_test

import (
	"fmt"

	"github.com/labelhook/labelhook/aws/login"
	"github.com/labelhook/labelhook/aws/sqs"
)

func Example() {
	login.Use()
	queue, err := sqs.OpenQueue("sqs://labels") // nothing is asked of AWS yet
	fmt.Println(queue, err)
	// Output: sqs://labels <nil>
}
