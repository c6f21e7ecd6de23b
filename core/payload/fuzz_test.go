package payload_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/samples"
)

// FuzzPayload decodes every form of payload. A body without faults must decode
// to what encoding/json finds in it, and one with faults must be an error that
// says so; a body is decoded as the form that it is, and as no other.
func FuzzPayload(f *testing.F) {
	for _, s := range samples.All() {
		f.Add(s.Header, s.Body())
	}
	f.Add("MOVE", []byte(`{"action":"MOVE","dataRowIds":[1,null,"x",{}],"timestamp":"never"}`))
	f.Add("", []byte(`{"modelRunId":"\ud800","modelId":3,"modelId":4}`))
	f.Add("LABEL_CREATED", []byte(`{"data_row":{"id":"a","details":{"created_at":1}},"projects":{"p":{"labels":[null,{}]}}}`))
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		d := core.Identify(http.Header{core.EventHeader: {header}}, body)
		sound := jsontext.Value(body).IsValid(jsontext.AllowInvalidUTF8(true))
		want := map[string]any{}
		_ = json.Unmarshal(body, &want) // what is not an object has no members to compare

		label, err := d.Label()
		check(t, "label", err, d.Event.IsLabel(), sound)
		if err == nil {
			if label.Event != d.Event || string(label.Raw) != string(body) {
				t.Error("a label event without its event or JSON")
			}
			for l := range label.Labels() {
				if a, err := l.Annotations(); err == nil && (a.Objects == nil || a.Classifications == nil) {
					t.Error("a list of annotations is nil")
				}
			}
		}
		action, err := d.Workflow()
		check(t, "workflow", err, d.Event == payload.WorkflowAction, sound)
		if err == nil {
			sameText(t, want["action"], action.Action)
			sameText(t, want["projectId"], action.ProjectID)
			if ids, isList := want["dataRowIds"].([]any); isList && len(ids) != len(action.DataRowIDs) {
				t.Errorf("%d data rows, want %d", len(action.DataRowIDs), len(ids))
			}
		}
		run, err := d.ModelRun()
		check(t, "model run", err, d.Event == payload.ModelRunStarted, sound)
		if err == nil {
			sameText(t, want["modelId"], run.ModelID)
			sameText(t, want["modelRunId"], run.ModelRunID)
		}
	})
}

func check(t *testing.T, form string, err error, ofThisForm, sound bool) {
	t.Helper()
	switch {
	case err != nil && !errors.Is(err, payload.ErrDecode):
		t.Errorf("%s: %v is no ErrPayload", form, err)
	case !ofThisForm && err == nil:
		t.Errorf("%s: decoded what is none", form)
	case ofThisForm && (err == nil) != sound:
		t.Errorf("%s: sound is %v, but the error is %v", form, sound, err)
	}
}

func sameText(t *testing.T, want any, got string) {
	t.Helper()
	if text, isText := want.(string); isText && text != got && validUTF8(got) {
		t.Errorf("got %q, want %q", got, text)
	}
}

// validUTF8 is false for what encoding/json would have replaced.
func validUTF8(s string) bool {
	quoted, err := json.Marshal(s)
	var back string
	return err == nil && json.Unmarshal(quoted, &back) == nil && back == s
}
