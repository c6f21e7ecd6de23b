package deliverytest_test

import (
	"fmt"

	"github.com/labelhook/labelhook/internal/deliverytest"
)

func Example() {
	d := deliverytest.New("id", "MODEL_RUN_STARTED", []byte(`{"modelRunId":"run"}`))
	fmt.Println(d.ID, d.Event, d.Signature == deliverytest.Signature)
	// Output: id model_run.started true
}
