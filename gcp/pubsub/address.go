package pubsub

import (
	"errors"
	"regexp"
	"strings"
)

// address is where a destination's URL points to.
type address struct{ project, topic string }

// parse reads the URL of a destination. Its error does not repeat it.
func parse(url string) (address, error) {
	_, rest, _ := strings.Cut(url, ":")
	project, topic, _ := strings.Cut(strings.TrimPrefix(rest, "//"), "/")
	switch {
	case !projectID.MatchString(project):
		return address{}, errors.New("this names no project; write pubsub://PROJECT/TOPIC, with the project's id or number")
	case !topicID.MatchString(topic):
		return address{}, errors.New("this names no topic; write pubsub://PROJECT/TOPIC, with the topic's id, which begins with a letter, without the projects/…/topics/ before it")
	}
	return address{project, topic}, nil
}

// Both are looser than Google's own rules, which may change: what does not
// exist is found out on the first delivery.
var (
	projectID = regexp.MustCompile(`^([a-z0-9.-]+:)?[a-z0-9-]+$`)
	topicID   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._~+%-]*$`)
)

// String returns the URL.
func (a address) String() string { return "pubsub://" + a.project + "/" + a.topic }

// resource is the topic's name in requests.
func (a address) resource() string { return "projects/" + a.project + "/topics/" + a.topic }
