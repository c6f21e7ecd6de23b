// Package decoded holds the decoded form of a delivery: one JSON document with
// the same members for v1 and v2 webhooks, workflow actions, model runs and rows
// of an export, so that a program in any language reads one form and not five.
//
// labelhook decode prints it, a destination sends it where its URL says
// form=decoded, and docs/schema holds its JSON Schema. Members may be added
// under the same [Form]; none is taken away or changes its meaning.
package decoded

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/annotation"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/printable"
)

// Form names the version of the form, as member "form" of each document.
const Form = "labelhook.decoded.v1"

// ContentType is the media type of a document, such as of a message in this form.
const ContentType = "application/vnd.labelhook.decoded.v1+json"

// Delivery is a delivery in the decoded form. Make one with [Of].
type Delivery struct {
	Form      string          `json:"form"`        // [Form]
	ID        string          `json:"id"`          // the X-Labelbox-Id header; "" if there was none
	Key       string          `json:"key"`         // of the content, see [core.Delivery.Key]
	Event     payload.Event   `json:"event"`       // "label.created", …
	Version   payload.Version `json:"version"`     // "v1", "v2"; "" for events with one form
	ProjectID string          `json:"project_id"`  // "" if the payload names none
	Subject   string          `json:"subject"`     // id of the label or data row that the event is about
	DataRowID string          `json:"data_row_id"` // "" unless there is exactly one
	Time      *time.Time      `json:"time"`        // the payload's own, UTC; null if it has none
	Content
}

// Content is what the payload says. Only the members of its event are there.
type Content struct {
	DataRow     *payload.DataRow `json:"data_row,omitempty"`
	Media       *payload.Media   `json:"media,omitempty"`
	Projects    []Project        `json:"projects,omitempty"`
	Labels      []Label          `json:"labels,omitempty"` // ordered by project
	Annotations *annotation.Set  `json:"annotations"`      // of all labels; null if they cannot be read:
	Reason      string           `json:"annotations_error,omitempty"`
	Workflow    *Workflow        `json:"workflow,omitempty"`
	ModelRun    *ModelRun        `json:"model_run,omitempty"`

	// The payload as it came, where not all of it could be decoded: as JSON if
	// every reader of JSON takes it (RFC 7493, and at most 200 deep), else in base64.
	Payload    jsontext.Value `json:"payload,omitempty"`
	PayloadRaw []byte         `json:"payload_base64,omitempty"`
}

// Project is a project that the data row is labeled in.
type Project struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	payload.ProjectDetails
}

// Label says who made a label, and whether it counts. What it says is in the
// annotations that name it in their label_ref.
type Label struct {
	ID        string  `json:"id"`
	ProjectID string  `json:"project_id"`
	Kind      string  `json:"kind,omitempty"`      // "Default", "Video", …; v2 only
	Selected  bool    `json:"selected"`            // the project names it as the one that counts
	Counts    bool    `json:"counts"`              // it is that one, or what stands for it: see [payload.Project.Selected]
	Deleted   bool    `json:"deleted"`             // v1 says so; in v2 only the event does
	Agreement float64 `json:"agreement,omitempty"` // v1 only, 0 to 1
	payload.LabelDetails
	payload.PerformanceDetails
}

// Workflow says that data rows moved from one workflow task to another.
type Workflow struct {
	OrganizationID string     `json:"organization_id"`
	Action         string     `json:"action"` // "MOVE", "APPROVE", "REJECT"
	DataRowIDs     []string   `json:"data_row_ids"`
	Origin         Task       `json:"origin_task"`
	Destination    Task       `json:"destination_task"` // its id is "" when the data row is done
	ActorID        string     `json:"actor_id"`
	Timestamp      *time.Time `json:"timestamp"` // UTC; null if not said
}

// Task is a step of a project's workflow.
type Task struct {
	ID   string `json:"id"`
	Name string `json:"name"` // users can rename tasks
}

// ModelRun says that a training of a model was started.
type ModelRun struct {
	ModelID string `json:"model_id"`
	ID      string `json:"id"`
	Type    string `json:"type"`
}

// Of decodes a delivery. It never fails: what cannot be decoded has its reason
// in [Content.Reason], or is there as it came in [Content.Payload].
func Of(d *core.Delivery) *Delivery {
	v := &Delivery{
		Form: Form, ID: d.ID, Key: d.Key(), Event: d.Event, Version: d.Version, ProjectID: d.ProjectID,
		Subject: d.Subject(), DataRowID: d.DataRowID, Time: orNull(d.Time),
	}
	v.read(d)
	return v
}

// MarshalJSON writes the document as one line. Text that is not UTF-8 has U+FFFD in
// its place.
func (d *Delivery) MarshalJSON() ([]byte, error) {
	type plain Delivery
	var line bytes.Buffer
	to := json.NewEncoder(&line)
	to.SetEscapeHTML(false)
	err := to.Encode((*plain)(d))
	return bytes.TrimSpace(line.Bytes()), err
}

func (c *Content) read(d *core.Delivery) {
	if d.Event.IsLabel() {
		if event, err := d.Label(); err == nil {
			c.readLabels(event)
		} else {
			c.Reason = err.Error()
			c.SetPayload(d.Body)
		}
		return
	}
	c.Annotations = &annotation.Set{}
	switch d.Event {
	case payload.WorkflowAction:
		if w, err := d.Workflow(); err == nil {
			c.Workflow = &Workflow{
				OrganizationID: w.OrganizationID, Action: w.Action, DataRowIDs: append([]string{}, w.DataRowIDs...),
				Origin: Task{w.OriginTaskID, w.OriginTaskName}, Destination: Task{w.DestinationTaskID, w.DestinationTaskName},
				ActorID: w.ActorID, Timestamp: orNull(w.Timestamp),
			}
			return
		}
	case payload.ModelRunStarted:
		if m, err := d.ModelRun(); err == nil {
			c.ModelRun = &ModelRun{ModelID: m.ModelID, ID: m.ModelRunID, Type: m.ModelType}
			return
		}
	}
	c.SetPayload(d.Body)
}

func (c *Content) readLabels(e *payload.LabelEvent) {
	row := e.DataRow
	c.DataRow, c.Media = &row, &e.Media
	counts := map[*payload.Label]bool{}
	for l := range e.Selected() {
		counts[l] = true
	}
	for l := range e.Labels() {
		c.Labels = append(c.Labels, Label{
			ID: l.ID, ProjectID: l.ProjectID, Kind: l.Kind, Selected: l.Selected, Counts: counts[l], Deleted: l.Deleted,
			Agreement: l.Agreement, LabelDetails: l.Details, PerformanceDetails: l.Performance,
		})
	}
	for id, p := range e.Projects {
		c.Projects = append(c.Projects, Project{ID: id, Name: p.Name, ProjectDetails: p.Details})
	}
	slices.SortFunc(c.Projects, func(a, b Project) int { return strings.Compare(a.ID, b.ID) })

	var err error
	if c.Annotations, err = e.Annotations(); err == nil && anyDeep(c.Annotations) {
		c.Annotations, err = nil, errDeep
	}
	if err != nil {
		c.Reason = err.Error()
	}
	metadata, ok := printable.Payload(c.DataRow.Metadata)
	if c.DataRow.Metadata = metadata; err != nil || !ok && len(e.DataRow.Metadata) > 0 {
		c.SetPayload(e.Raw)
	}
}

// SetPayload adds the payload as it came, to what has none because all of it
// could be decoded.
func (c *Content) SetPayload(body []byte) {
	if text, ok := printable.Payload(body); ok {
		c.Payload = text
	} else {
		c.PayloadRaw = body
	}
}

// orNull is a time in JSON.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
