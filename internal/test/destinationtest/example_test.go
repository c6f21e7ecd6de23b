package destinationtest_test

import (
	"fmt"

	"github.com/labelhook/labelhook/internal/test/destinationtest"
)

func Example() {
	d := destinationtest.New("id", "MODEL_RUN_STARTED", []byte(`{"modelRunId":"run"}`))
	fmt.Println(d.ID, d.Event, d.Signature == destinationtest.Signature)
	// Output: id model_run.started true
}
