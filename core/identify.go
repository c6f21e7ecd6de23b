package core

import (
	"bytes"
	"time"
)

// Identify makes a [Delivery] of a request whose signature has been verified.
// It reads headers and as much of the body as naming the event takes, and
// never fails: a body that is not JSON, or of no known shape, is [Unknown].
//
// The body's shape decides between label, workflow and model run, because it
// is signed and the event header is not. The header decides what the shape
// cannot: whether a label was created, updated or deleted, and the retired
// review events, whose payload is undocumented. A label under a missing or
// strange header is [LabelDeleted] if it says so itself (v1 only),
// [LabelCreated] if it was never updated, else [LabelUpdated].
//
// header and body are kept, not copied.
func Identify(header Header, body []byte) *Delivery { return identify(header, body, time.Now()) }

func identify(header Header, body []byte, received time.Time) *Delivery {
	d := &Delivery{
		ID:          first(header, IDHeader),
		EventName:   first(header, EventHeader),
		Signature:   first(header, SignatureHeader),
		ContentType: first(header, "Content-Type"),
		Body:        body,
		Received:    received,
		header:      header,
	}
	var s survey
	s.read(body)
	d.Event, d.Version = s.event(d.EventName), s.version
	if d.Event != Unknown {
		d.ProjectID, d.LabelID, d.DataRowID = s.project, s.label, s.row
		d.Time = s.time()
	}
	return d
}

func first(header Header, name string) string {
	if values := header.Values(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// survey is what one look over a body finds.
type survey struct {
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

// read surveys the top level of the body and, for a v2 label, the first label
// below it, where it halts before the annotations: they are the bulk of it. A
// body whose braces do not balance was probably cut short somewhere behind that
// point, so it is read to its end; counting costs next to nothing.
func (s *survey) read(body []byte) {
	s.mayHalt = bytes.Count(body, []byte{'{'}) == bytes.Count(body, []byte{'}'})
	var v1Row, v1Label, v1Project, v2Row, v2Projects, action, tasks, run bool
	rows := 0
	c := newCursor(body)
	if c.kind() != '{' {
		return
	}
	for name := range c.members {
		switch string(name) {
		case "data_row":
			v2Row, s.row = c.kind() == '{', c.id()
		case "projects":
			v2Projects = c.kind() == '{'
			s.readProjects(c)
		case "dataRow":
			v1Row, s.row = c.kind() == '{', c.id()
		case "project":
			v1Project, s.project = c.kind() == '{', c.id()
		case "label":
			v1Label = true
		case "id":
			s.label = c.text()
		case "createdAt":
			s.created = c.moment()
		case "updatedAt":
			s.updated = c.moment()
		case "deleted":
			s.deleted = c.truth()
		case "projectId":
			s.project = c.text()
		case "action":
			action = c.kind() == '"'
		case "dataRowIds":
			tasks = true
			for i := range c.elements {
				s.row, rows = c.text(), i+1
			}
		case "originTaskId", "destinationTaskId":
			tasks = true
		case "timestamp":
			s.acted = c.moment()
		case "modelRunId":
			run = c.kind() == '"'
		}
	}
	switch {
	case c.end() != nil:
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
func (s *survey) readProjects(c *cursor) {
	for id := range c.members {
		if s.label != "" {
			continue
		}
		s.project = c.unescape(id)
		for name := range c.members {
			if string(name) != "labels" {
				continue
			}
			for i := range c.elements {
				if i == 0 {
					s.readLabel(c)
				}
			}
		}
	}
}

func (s *survey) readLabel(c *cursor) {
	for name := range c.members {
		switch string(name) {
		case "id":
			s.label = c.text()
		case "label_details", "labelDetails":
			for name := range c.members {
				switch string(name) {
				case "created_at", "createdAt":
					s.created = c.moment()
				case "updated_at", "updatedAt":
					s.updated = c.moment()
				}
			}
		}
		if s.mayHalt && s.row != "" && s.label != "" && !s.updated.IsZero() {
			c.halt()
		}
	}
}

// event weighs the event header against the shape, as [Identify] documents.
func (s *survey) event(header string) Event {
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
func (s *survey) time() time.Time {
	for _, t := range [...]time.Time{s.acted, s.updated} {
		if !t.IsZero() {
			return t
		}
	}
	return s.created
}
