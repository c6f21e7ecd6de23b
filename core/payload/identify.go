package payload

import (
	"bytes"
	"time"
)

// Identity is what a body says of itself.
type Identity struct {
	Event     Event
	Version   Version   // [NoVersion] where there is only one
	ProjectID string    // "" if the payload names none
	LabelID   string    // label events: the label, the first if the payload holds several
	DataRowID string    // the data row, if the payload names exactly one
	Time      time.Time // the payload's own time (last update, or the action's), UTC; zero if it has none
}

// Identify names the event of a body, reading no more of it than that takes. It
// never fails: a body that is not JSON, or of no known shape, is [Unknown].
// named is the event as the request's header names it, "" if it does not.
//
// The body's shape decides between label, workflow and model run, because it
// is signed and the header is not. The header decides what the shape cannot:
// whether a label was created, updated or deleted, and the retired review
// events, whose payload is undocumented. A label under a missing or strange
// header is [LabelDeleted] if it says so itself (v1 only), [LabelCreated] if it
// was never updated, else [LabelUpdated].
func Identify(body []byte, named string) Identity {
	var s reading
	s.read(body)
	id := Identity{Event: s.event(named), Version: s.version}
	if id.Event != Unknown {
		id.ProjectID, id.LabelID, id.DataRowID = s.project, s.label, s.row
		id.Time = s.time()
	}
	return id
}

// reading is what one look over a body finds.
type reading struct {
	shape                   shape
	version                 Version
	project, label, row     string
	created, updated, acted time.Time
	deleted                 bool
	mayHalt                 bool
}

type shape int

const (
	shapeless     shape = iota // not a JSON object
	otherShape                 // a JSON object that none below describes
	labelShape                 // a label and its data row
	actionShape                // a workflow action
	trainingShape              // a model run
)

// read looks over the top level of the body and, for a v2 label, the first label
// below it, where it halts before the annotations: they are the bulk of it. A
// body whose braces do not balance was probably cut short somewhere behind that
// point, so it is read to its end; counting costs next to nothing.
func (s *reading) read(body []byte) {
	s.mayHalt = bytes.Count(body, []byte{'{'}) == bytes.Count(body, []byte{'}'})
	var v1Row, v1Label, v1Project, v2Row, v2Projects, action, tasks, run bool
	rows := 0
	c := newCursor(body)
	if c.Kind() != '{' {
		return
	}
	for name := range c.Members {
		switch string(name) {
		case "data_row":
			v2Row, s.row = c.Kind() == '{', c.id()
		case "projects":
			v2Projects = c.Kind() == '{'
			s.readProjects(&c)
		case "dataRow":
			v1Row, s.row = c.Kind() == '{', c.id()
		case "project":
			v1Project, s.project = c.Kind() == '{', c.id()
		case "label":
			v1Label = true
		case "id":
			s.label = c.Text()
		case "createdAt":
			s.created = c.moment()
		case "updatedAt":
			s.updated = c.moment()
		case "deleted":
			s.deleted = c.Truth()
		case "projectId":
			s.project = c.Text()
		case "action":
			action = c.Kind() == '"'
		case "dataRowIds":
			tasks = true
			for i := range c.Elements {
				s.row, rows = c.Text(), i+1
			}
		case "originTaskId", "destinationTaskId":
			tasks = true
		case "timestamp":
			s.acted = c.moment()
		case "modelRunId":
			run = c.Kind() == '"'
		}
	}
	switch {
	case c.End() != nil:
	case v2Row || v2Projects:
		s.shape, s.version = labelShape, V2
	case v1Row || v1Label && v1Project:
		s.shape, s.version = labelShape, V1
	case action && tasks:
		s.shape = actionShape
		if rows != 1 {
			s.row = ""
		}
	case run:
		s.shape = trainingShape
	default:
		s.shape = otherShape
	}
}

// readProjects reads the first label there is, and the id of its project.
func (s *reading) readProjects(c *cursor) {
	for id := range c.Members {
		if s.label != "" {
			continue
		}
		s.project = c.Unescape(id)
		for name := range c.Members {
			if string(name) != "labels" {
				continue
			}
			for i := range c.Elements {
				if i == 0 {
					s.readLabel(c)
				}
			}
		}
	}
}

func (s *reading) readLabel(c *cursor) {
	for name := range c.Members {
		switch string(c.snake(name)) {
		case "id":
			s.label = c.Text()
		case "label_details":
			for name := range c.Members {
				switch string(c.snake(name)) {
				case "created_at":
					s.created = c.moment()
				case "updated_at":
					s.updated = c.moment()
				}
			}
		}
		if s.mayHalt && s.row != "" && s.label != "" && !s.updated.IsZero() {
			c.Halt()
		}
	}
}

// event weighs the event header against the shape, as [Identify] documents.
func (s *reading) event(header string) Event {
	named, _ := ParseEvent(header)
	switch {
	case s.shape == actionShape:
		return WorkflowAction
	case s.shape == trainingShape:
		return ModelRunStarted
	case s.shape == shapeless:
		return Unknown
	case named.IsReview():
		return named
	case s.shape != labelShape:
		return Unknown
	case named.IsLabel():
		return named
	case s.deleted:
		return LabelDeleted
	case !s.created.IsZero() && s.created.Equal(s.updated):
		return LabelCreated
	default:
		return LabelUpdated
	}
}

// time is when the payload says it happened.
func (s *reading) time() time.Time {
	for _, t := range [...]time.Time{s.acted, s.updated} {
		if !t.IsZero() {
			return t
		}
	}
	return s.created
}
