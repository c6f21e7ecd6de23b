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
	CreatedBy        string         `json:"created_by"` // an e-mail address; a user id in old payloads
	PreviousTaskID   string         `json:"previous_task_id"`
	PreviousTaskName string         `json:"previous_task_name"`
	NextTaskID       string         `json:"next_task_id"` // "" when the data row is done
	NextTaskName     string         `json:"next_task_name"`
	Raw              jsontext.Value `json:"-"`
}

// Review is a reviewer's verdict on a label. Times are UTC.
type Review struct {
	ReviewedAt time.Time      `json:"reviewed_at,omitzero"`
	ReviewedBy string         `json:"reviewed_by"`
	Score      float64        `json:"score,omitempty"` // 1 or -1 in reviews of old; 0 if not said
	Raw        jsontext.Value `json:"-"`
}

func (w *WorkflowStep) read(c *cursor) {
	from := c.Here()
	for name := range c.Members {
		switch string(c.snake(name)) {
		case "action":
			w.Action = c.Text()
		case "created_at":
			w.CreatedAt = c.moment()
		case "created_by", "actor_id":
			w.CreatedBy = c.Text()
		case "previous_task_id":
			w.PreviousTaskID = c.Text()
		case "previous_task_name":
			w.PreviousTaskName = c.Text()
		case "next_task_id":
			w.NextTaskID = c.Text()
		case "next_task_name":
			w.NextTaskName = c.Text()
		}
	}
	w.Raw = c.Since(from)
}

func (r *Review) read(c *cursor) {
	from := c.Here()
	for name := range c.Members {
		switch string(c.snake(name)) {
		case "reviewed_at", "created_at":
			r.ReviewedAt = c.moment()
		case "reviewed_by", "created_by":
			r.ReviewedBy = c.Text()
		case "score":
			r.Score = c.Number()
		}
	}
	r.Raw = c.Since(from)
}
