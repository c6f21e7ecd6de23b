package labelbox

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Webhook is what the API says about a registered webhook. The secret is not
// part of it: the API never gives it back.
type Webhook struct {
	ID     string
	URL    string
	Topics []Topic // in the order in which they were given
	Status Status

	// CreatedAt and UpdatedAt are the zero time where the API's text is no
	// date. It may or may not have fractions of a second.
	CreatedAt, UpdatedAt time.Time
}

// Project is what the API says about the project of a webhook.
type Project struct {
	ID   string
	Name string
}

// Topic is what a webhook is told about, in Labelbox's spelling. A webhook
// that was read may hold topics that are not listed here.
type Topic string

// The topics that a webhook can subscribe to.
const (
	TopicLabelCreated   Topic = "LABEL_CREATED"
	TopicLabelUpdated   Topic = "LABEL_UPDATED"
	TopicLabelDeleted   Topic = "LABEL_DELETED"
	TopicWorkflowAction Topic = "WORKFLOW_ACTION" // a data row moved between workflow tasks
)

// The retired topics. Webhooks from before 2024 may still hold and send them;
// no operation of this package subscribes to them.
const (
	TopicReviewCreated Topic = "REVIEW_CREATED"
	TopicReviewUpdated Topic = "REVIEW_UPDATED"
	TopicReviewDeleted Topic = "REVIEW_DELETED"
)

// Topics lists the topics that a webhook can subscribe to.
func Topics() []Topic {
	return []Topic{TopicLabelCreated, TopicLabelUpdated, TopicLabelDeleted, TopicWorkflowAction}
}

// Retired reports whether the topic can be read but no longer subscribed to.
func (t Topic) Retired() bool {
	return t == TopicReviewCreated || t == TopicReviewUpdated || t == TopicReviewDeleted
}

// ParseTopic reads the name of a topic that a webhook can subscribe to, as
// Labelbox or labelhook spells it: LABEL_CREATED, label.created and
// label-created are the same. Its error lists the topics.
func ParseTopic(name string) (Topic, error) {
	t := Topic(strings.ToUpper(strings.NewReplacer("-", "_", ".", "_", " ", "_").Replace(name)))
	return t, t.check()
}

// check refuses what is not one of [Topics]. It is also what keeps anything
// else out of the documents, where topics stand as literals.
func (t Topic) check() error {
	switch {
	case slices.Contains(Topics(), t):
		return nil
	case t.Retired():
		return fmt.Errorf("the topic %s is retired; subscribe to %s instead", t, TopicWorkflowAction)
	}
	return fmt.Errorf("there is no topic %q; the topics are %s", string(t), join(Topics()))
}

// Status is whether a webhook delivers. A webhook that was read may have a
// status that is not listed here.
type Status string

// The statuses of a webhook. Only an active one delivers.
const (
	Active   Status = "ACTIVE"
	Inactive Status = "INACTIVE"
	Revoked  Status = "REVOKED"
)

// Statuses lists the statuses that a webhook can be set to.
func Statuses() []Status { return []Status{Active, Inactive, Revoked} }

// ParseStatus reads the name of a status, in any case. Its error lists them.
func ParseStatus(name string) (Status, error) {
	s := Status(strings.ToUpper(name))
	return s, s.check()
}

// check refuses what is not one of [Statuses].
func (s Status) check() error {
	if slices.Contains(Statuses(), s) {
		return nil
	}
	return fmt.Errorf("there is no status %q; the statuses are %s", string(s), join(Statuses()))
}

// join writes topics or statuses as GraphQL list items.
func join[T ~string](names []T) string {
	var b strings.Builder
	for i, name := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(name))
	}
	return b.String()
}
