// Package samples holds a payload for every event, byte for byte as Labelbox's
// documentation prints it where it prints one. It feeds tests, "labelhook send"
// and "labelhook demo".
package samples

import (
	"embed"
	"slices"

	"github.com/labelhook/labelhook/core"
)

//go:embed *.json
var files embed.FS

// Sample is one payload and the event it belongs to.
type Sample struct {
	Name    string // v2-label-created
	Event   core.Event
	Header  string       // what stands in X-Labelbox-Event
	Version core.Version // of the webhook that sends it; both send the same workflow payload

	// Documented is false for the payloads that Labelbox's documentation does
	// not show: their form is a guess, or taken from its training service.
	Documented bool
}

// Body returns a copy of the payload's bytes.
func (s Sample) Body() []byte {
	body, err := files.ReadFile(s.Name + ".json")
	if err != nil {
		panic(err) // All names only embedded files; a test walks it
	}
	return body
}

// All returns every sample, the eight documented ones first.
func All() []Sample {
	return []Sample{
		{"v2-label-created", core.LabelCreated, "LABEL_CREATED", core.V2, true},
		{"v2-label-updated", core.LabelUpdated, "LABEL_UPDATED", core.V2, true},
		{"v2-label-deleted", core.LabelDeleted, "LABEL_DELETED", core.V2, true},
		{"v2-workflow", core.WorkflowAction, "WORKFLOW_ACTION", core.V2, true},
		{"v1-label-created", core.LabelCreated, "LABEL_CREATED", core.V1, true},
		{"v1-label-updated", core.LabelUpdated, "LABEL_UPDATED", core.V1, true},
		{"v1-label-deleted", core.LabelDeleted, "LABEL_DELETED", core.V1, true},
		{"v1-workflow", core.WorkflowAction, "WORKFLOW_ACTION", core.V1, true},
		{"review", core.ReviewCreated, "REVIEW_CREATED", core.NoVersion, false},
		{"review", core.ReviewUpdated, "REVIEW_UPDATED", core.NoVersion, false},
		{"review", core.ReviewDeleted, "REVIEW_DELETED", core.NoVersion, false},
		{"model-run-started", core.ModelRunStarted, "MODEL_RUN_STARTED", core.NoVersion, false},
		{"unknown", core.Unknown, "SOMETHING_NEW", core.NoVersion, false},
	}
}

// Documented returns the eight samples that Labelbox's documentation prints.
func Documented() []Sample {
	return slices.DeleteFunc(All(), func(s Sample) bool { return !s.Documented })
}

// Find returns the sample of an event, in the given version where the event
// has several.
func Find(event core.Event, version core.Version) (Sample, bool) {
	for _, s := range All() {
		if s.Event == event && (s.Version == version || s.Version == core.NoVersion) {
			return s, true
		}
	}
	return Sample{}, false
}
