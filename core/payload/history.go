package payload

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// WorkflowStep is a move of the data row from one workflow task to another.
// Times are UTC.
type WorkflowStep struct {
	Action           string         `json:"action"` // "Move", "Approve", …
	CreatedAt        time.Time      `json:"created_at,omitzero"`
	CreatedBy        string         `json:"created_by" also:"actor_id"` // an e-mail address; a user id in old payloads
	PreviousTaskID   string         `json:"previous_task_id"`
	PreviousTaskName string         `json:"previous_task_name"`
	NextTaskID       string         `json:"next_task_id"` // "" when the data row is done
	NextTaskName     string         `json:"next_task_name"`
	Raw              jsontext.Value `json:"-"`
}

// Review is a reviewer's verdict on a label. Times are UTC.
type Review struct {
	ReviewedAt time.Time      `json:"reviewed_at,omitzero" also:"created_at"`
	ReviewedBy string         `json:"reviewed_by" also:"created_by"`
	Score      float64        `json:"score,omitempty"` // 1 or -1 in reviews of old; 0 if not said
	Raw        jsontext.Value `json:"-"`
}
