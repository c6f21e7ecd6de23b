package payload

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// WorkflowEvent is the payload of [WorkflowAction]: somebody moved data rows
// from one workflow task to another. Submitting a label is such a move too. It
// names no label. v1 and v2 webhooks send the same form.
type WorkflowEvent struct {
	OrganizationID      string         `json:"organizationId"`
	ProjectID           string         `json:"projectId"`
	Action              string         `json:"action"` // MOVE and APPROVE have been seen
	DataRowIDs          []string       `json:"dataRowIds"`
	OriginTaskID        string         `json:"originTaskId"`
	OriginTaskName      string         `json:"originTaskName"`      // users can rename tasks
	DestinationTaskID   string         `json:"destinationTaskId"`   // "" when the data row is done
	DestinationTaskName string         `json:"destinationTaskName"` // "Done" then
	ActorID             string         `json:"actorId"`
	Timestamp           time.Time      `json:"timestamp,omitzero"` // UTC
	Raw                 jsontext.Value `json:"-"`                  // all of it, unknown members too
}

// DecodeWorkflow decodes the payload of a workflow action. The error matches
// [ErrDecode].
func DecodeWorkflow(body []byte) (*WorkflowEvent, error) {
	e := new(WorkflowEvent)
	if err := decode(body, e); err != nil {
		return nil, err
	}
	e.Raw = body
	return e, nil
}

// ModelRunEvent is the payload of [ModelRunStarted], which Labelbox's model
// training page sends to a training service (POST /model_run).
type ModelRunEvent struct {
	ModelID    string         `json:"modelId"`
	ModelRunID string         `json:"modelRunId"`
	ModelType  string         `json:"modelType"`
	Raw        jsontext.Value `json:"-"`
}

// DecodeModelRun decodes the payload of a started model run. The error matches
// [ErrDecode].
func DecodeModelRun(body []byte) (*ModelRunEvent, error) {
	e := new(ModelRunEvent)
	if err := decode(body, e); err != nil {
		return nil, err
	}
	e.Raw = body
	return e, nil
}
