// Package samples holds a payload for every event, byte for byte as Labelbox's
// documentation prints it where it prints one. It feeds tests, "labelhook send"
// and "labelhook demo".
package samples

import (
	"bytes"
	"embed"
	"slices"

	"github.com/labelhook/labelhook/core/payload"
)

//go:embed *.json
var files embed.FS

// Sample is one payload and the event it belongs to.
type Sample struct {
	Name    string // v2-label-created
	Event   payload.Event
	Header  string          // what stands in X-Labelbox-Event
	Version payload.Version // of the webhook that sends it; both send the same workflow payload

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
		{"v2-label-created", payload.LabelCreated, "LABEL_CREATED", payload.V2, true},
		{"v2-label-updated", payload.LabelUpdated, "LABEL_UPDATED", payload.V2, true},
		{"v2-label-deleted", payload.LabelDeleted, "LABEL_DELETED", payload.V2, true},
		{"v2-workflow", payload.WorkflowAction, "WORKFLOW_ACTION", payload.V2, true},
		{"v1-label-created", payload.LabelCreated, "LABEL_CREATED", payload.V1, true},
		{"v1-label-updated", payload.LabelUpdated, "LABEL_UPDATED", payload.V1, true},
		{"v1-label-deleted", payload.LabelDeleted, "LABEL_DELETED", payload.V1, true},
		{"v1-workflow", payload.WorkflowAction, "WORKFLOW_ACTION", payload.V1, true},
		{"review", payload.ReviewCreated, "REVIEW_CREATED", payload.NoVersion, false},
		{"review", payload.ReviewUpdated, "REVIEW_UPDATED", payload.NoVersion, false},
		{"review", payload.ReviewDeleted, "REVIEW_DELETED", payload.NoVersion, false},
		{"model-run-started", payload.ModelRunStarted, "MODEL_RUN_STARTED", payload.NoVersion, false},
		{"unknown", payload.Unknown, "SOMETHING_NEW", payload.NoVersion, false},
	}
}

// Documented returns the eight samples that Labelbox's documentation prints.
func Documented() []Sample {
	return slices.DeleteFunc(All(), func(s Sample) bool { return !s.Documented })
}

// Find returns the sample of an event, in the given version where the event
// has several.
func Find(event payload.Event, version payload.Version) (Sample, bool) {
	for _, s := range All() {
		if s.Event == event && (s.Version == version || s.Version == payload.NoVersion) {
			return s, true
		}
	}
	return Sample{}, false
}

// Large returns the v2 sample of a created label with its object repeated until
// it has at least size bytes.
func Large(size int) []byte {
	s, _ := Find(payload.LabelCreated, payload.V2)
	small := s.Body()
	from := bytes.Index(small, []byte(`"objects": [`)) + len(`"objects": [`)
	to := bytes.LastIndexByte(small[:bytes.Index(small, []byte(`"relationships"`))], ']')
	object := bytes.TrimSpace(small[from:to])
	large := bytes.Clone(small[:from])
	for len(large) < size {
		large = append(append(large, object...), ",\n                "...)
	}
	return append(append(large, object...), small[to:]...)
}
