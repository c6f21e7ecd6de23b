package samples_test

import (
	"fmt"

	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/samples"
)

func Example() {
	sample, found := samples.Find(payload.WorkflowAction, payload.V2)
	fmt.Println(found, sample.Name, sample.Header, len(sample.Body()))
	// Output:
	// true v2-workflow WORKFLOW_ACTION 462
}
