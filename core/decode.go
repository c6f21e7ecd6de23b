package core

import (
	"fmt"

	"github.com/labelhook/labelhook/core/annotation"
	"github.com/labelhook/labelhook/core/payload"
)

// Label decodes the payload of a label event, again on each call. The error
// matches [payload.ErrDecode], also where the event is another.
func (d *Delivery) Label() (*payload.LabelEvent, error) {
	if !d.Event.IsLabel() {
		return nil, d.wrongEvent("label")
	}
	return payload.DecodeLabel(d.Event, d.Version, d.Body)
}

// Workflow decodes the payload of a workflow action, by the rules of
// [Delivery.Label].
func (d *Delivery) Workflow() (*payload.WorkflowEvent, error) {
	if d.Event != payload.WorkflowAction {
		return nil, d.wrongEvent("workflow")
	}
	return payload.DecodeWorkflow(d.Body)
}

// ModelRun decodes the payload of a started model run, by the rules of
// [Delivery.Label].
func (d *Delivery) ModelRun() (*payload.ModelRunEvent, error) {
	if d.Event != payload.ModelRunStarted {
		return nil, d.wrongEvent("model run")
	}
	return payload.DecodeModelRun(d.Body)
}

func (d *Delivery) wrongEvent(want string) error {
	return fmt.Errorf("%w: the event is %s, not a %s event", payload.ErrDecode, d.Event, want)
}

// Annotations decodes what all labels of a label event say, together; other
// events have none. A handler that has the decoded label asks that instead: see
// [payload.LabelEvent.Annotations] and, for one label of several,
// [payload.LabelEvent.Selected].
func (d *Delivery) Annotations() (*annotation.Set, error) {
	if !d.Event.IsLabel() {
		return annotation.Read(annotation.AssetSize{})
	}
	event, err := d.Label()
	if err != nil {
		return nil, err
	}
	return event.Annotations()
}
