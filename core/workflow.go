package core

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// WorkflowEvent is the payload of [WorkflowAction]: somebody moved data rows
// from one workflow task to another. Submitting a label is such a move too. It
// names no label. v1 and v2 webhooks send the same form.
type WorkflowEvent struct {
	Delivery *Delivery `json:"-"`

	OrganizationID      string         `json:"organizationId"`
	ProjectID           string         `json:"projectId"`
	Action              string         `json:"action"` // MOVE and APPROVE have been seen
	DataRowIDs          []string       `json:"dataRowIds"`
	OriginTaskID        string         `json:"originTaskId"`
	OriginTaskName      string         `json:"originTaskName"`      // users can rename tasks
	DestinationTaskID   string         `json:"destinationTaskId"`   // "" when the data row is done
	DestinationTaskName string         `json:"destinationTaskName"` // "Done" then
	ActorID             string         `json:"actorId"`
	Timestamp           time.Time      `json:"timestamp"` // UTC
	Raw                 jsontext.Value `json:"-"`         // all of it, unknown members too
}

// Workflow decodes the payload of a workflow action. The error matches
// [ErrPayload].
func (d *Delivery) Workflow() (*WorkflowEvent, error) {
	if d.Event != WorkflowAction {
		return nil, wrongEvent(d, "workflow")
	}
	e := &WorkflowEvent{Delivery: d, Raw: d.Body}
	c := newCursor(d.Body)
	c.unique = true
	for name := range c.members {
		switch string(name) {
		case "organizationId":
			e.OrganizationID = c.text()
		case "projectId":
			e.ProjectID = c.text()
		case "action":
			e.Action = c.text()
		case "dataRowIds":
			for range c.elements {
				e.DataRowIDs = append(room(e.DataRowIDs, c), c.text())
			}
		case "originTaskId":
			e.OriginTaskID = c.text()
		case "originTaskName":
			e.OriginTaskName = c.text()
		case "destinationTaskId":
			e.DestinationTaskID = c.text()
		case "destinationTaskName":
			e.DestinationTaskName = c.text()
		case "actorId":
			e.ActorID = c.text()
		case "timestamp":
			e.Timestamp = c.moment()
		}
	}
	if err := c.end(); err != nil {
		return nil, err
	}
	return e, nil
}

// ModelRunEvent is the payload of [ModelRunStarted], which Labelbox's model
// training page sends to a training service (POST /model_run).
type ModelRunEvent struct {
	Delivery *Delivery `json:"-"`

	ModelID    string         `json:"modelId"`
	ModelRunID string         `json:"modelRunId"`
	ModelType  string         `json:"modelType"`
	Raw        jsontext.Value `json:"-"`
}

// ModelRun decodes the payload of a started model run. The error matches
// [ErrPayload].
func (d *Delivery) ModelRun() (*ModelRunEvent, error) {
	if d.Event != ModelRunStarted {
		return nil, wrongEvent(d, "model run")
	}
	e := &ModelRunEvent{Delivery: d, Raw: d.Body}
	c := newCursor(d.Body)
	c.unique = true
	for name := range c.members {
		switch string(name) {
		case "modelId":
			e.ModelID = c.text()
		case "modelRunId":
			e.ModelRunID = c.text()
		case "modelType":
			e.ModelType = c.text()
		}
	}
	if err := c.end(); err != nil {
		return nil, err
	}
	return e, nil
}
