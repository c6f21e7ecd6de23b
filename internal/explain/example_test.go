package explain_test

import (
	"context"
	"fmt"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/explain"
)

func Example() {
	shared, _ := secret.New("correct horse")
	signature := core.Sign([]byte(`{"id": 1}`), shared)

	// An editor has added a newline, and the secret was pasted with a blank.
	verdict, _ := explain.Explain(context.Background(), []byte("{\"id\": 1}\n"), signature, []string{"correct horse "})
	fmt.Println(verdict.Match)
	for _, cause := range verdict.Causes {
		fmt.Println(cause.What)
	}
	// Output:
	// false
	// our secret has white space around it that the sender's lacks
	// a trailing newline was added that was not signed
}
