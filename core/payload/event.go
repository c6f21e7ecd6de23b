package payload

// Event is the name of what happened, in labelhook's spelling.
type Event string

// The events. Labelbox's own spellings are listed in [ParseEvent].
const (
	LabelCreated    Event = "label.created"
	LabelUpdated    Event = "label.updated"
	LabelDeleted    Event = "label.deleted"
	WorkflowAction  Event = "workflow.action"   // a data row moved between workflow tasks
	ReviewCreated   Event = "review.created"    // retired by Labelbox; old webhooks may still send it
	ReviewUpdated   Event = "review.updated"    // retired
	ReviewDeleted   Event = "review.deleted"    // retired
	ModelRunStarted Event = "model_run.started" // the model training webhook
	Unknown         Event = "unknown"           // signed, but of no shape known here
)

// Events lists every event in the order of the constants.
func Events() []Event {
	return []Event{LabelCreated, LabelUpdated, LabelDeleted, WorkflowAction,
		ReviewCreated, ReviewUpdated, ReviewDeleted, ModelRunStarted, Unknown}
}

// IsLabel reports whether the event's payload is a label.
func (e Event) IsLabel() bool { return e == LabelCreated || e == LabelUpdated || e == LabelDeleted }

// IsReview reports whether the event is of one of the retired review topics,
// whose payload is undocumented and handed over raw.
func (e Event) IsReview() bool {
	return e == ReviewCreated || e == ReviewUpdated || e == ReviewDeleted
}

// ParseEvent reads an event name as labelhook or Labelbox spells it. Case does
// not count, and '-', '.' and blank count as '_': LABEL_CREATED, label.created
// and "Label Created" are the same. WORKFLOW_ACTION and the values that may
// stand in its place (MOVE, APPROVE, REJECT) are all [WorkflowAction]. It
// returns false for a name it does not know; it does not allocate.
func ParseEvent(name string) (Event, bool) {
	var folded [24]byte
	if len(name) > len(folded) {
		return Unknown, false
	}
	for i, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z':
			c -= 'a' - 'A'
		case c == '-' || c == '.' || c == ' ':
			c = '_'
		}
		folded[i] = c
	}
	switch string(folded[:len(name)]) {
	case "LABEL_CREATED":
		return LabelCreated, true
	case "LABEL_UPDATED":
		return LabelUpdated, true
	case "LABEL_DELETED":
		return LabelDeleted, true
	case "WORKFLOW_ACTION", "MOVE", "APPROVE", "REJECT":
		return WorkflowAction, true
	case "REVIEW_CREATED":
		return ReviewCreated, true
	case "REVIEW_UPDATED":
		return ReviewUpdated, true
	case "REVIEW_DELETED":
		return ReviewDeleted, true
	case "MODEL_RUN_STARTED", "MODEL_RUN":
		return ModelRunStarted, true
	case "UNKNOWN":
		return Unknown, true
	}
	return Unknown, false
}

// Version is the payload version of a label or workflow event. It is read off
// the body's shape: no header carries it.
type Version string

// The payload versions. V2 webhooks can be made only in Labelbox's pages; the
// API makes V1 (https://docs.labelbox.com/reference/webhook).
const (
	V1        Version = "v1"
	V2        Version = "v2"
	NoVersion Version = "" // events that have only one form, and unknown ones
)
