package environment_test

import (
	"errors"
	"fmt"

	"github.com/labelhook/labelhook/internal/environment"
)

// A function's main package passes its own cloud's openers and secret manager.
func Example() {
	variables := map[string]string{
		"LABELBOX_WEBHOOK_SECRET": "the secret given to Labelbox",
		"LABELHOOK_DESTINATIONS":  "log: https://example.com/hook?code=key",
		"LABELHOOK_EVENTS":        "label.created, label.deleted",
	}
	getenv := func(name string) string { return variables[name] }
	_, destinations, err := environment.Receiver(environment.Platform{Getenv: getenv})
	fmt.Println(destinations, err)

	variables["LABELHOOK_EVENTS"] = "label.renamed"
	_, _, err = environment.Receiver(environment.Platform{Getenv: getenv})
	var config *environment.ConfigError
	if errors.As(err, &config) {
		fmt.Println(config)
		fmt.Println(config.Remedy)
	}
	// Output:
	// [log: https://example.com] <nil>
	// LABELHOOK_EVENTS: no event is called "label.renamed"
	// write some of label.created label.updated label.deleted workflow.action review.created review.updated review.deleted model_run.started unknown
}
