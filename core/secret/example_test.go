package secret_test

import (
	"errors"
	"fmt"

	"github.com/labelhook/labelhook/core/secret"
)

// What is probably not the secret is refused by name, with what to do.
func Example() {
	_, err := secret.New("'the secret given to Labelbox'\n")
	fmt.Println(err)
	var refused *secret.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.Remedy)
	}
	s, err := secret.New("the secret given to Labelbox\n")
	fmt.Println(s, err)
	// Output:
	// the secret stands in quotation marks
	// write the secret exactly as it was given to Labelbox, without quotation marks
	// [secret] <nil>
}
