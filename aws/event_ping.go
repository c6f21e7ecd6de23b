package aws

import (
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// isPing reports whether an event that is no HTTP request is one of those sent
// only to keep a function warm or to try it out. Each is known by all of its
// members: an event that has one more, or one twice, or something in a member that
// is empty in a ping, may hold data and must not be swallowed.
func isPing(payload []byte) bool {
	var members map[string]jsontext.Value
	if len(payload) > maxPing || json.Unmarshal(payload, &members) != nil || members == nil {
		return false
	}
	text := func(name string) (value string) {
		json.Unmarshal(members[name], &value) // of what is no string, or not there, nothing
		return value
	}
	kind := func(name string) jsontext.Kind { return members[name].Kind() }
	only := func(names ...string) bool {
		for name := range members {
			if !slices.Contains(names, name) {
				return false
			}
		}
		return true
	}
	switch {
	case len(members) == 0:
		return true
	case text("detail-type") == "Scheduled Event": // an EventBridge rule's, or EventBridge Scheduler's
		return (text("source") == "aws.events" || text("source") == "aws.scheduler") && isEmpty(members["detail"]) &&
			only("version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail")
	case text("source") == "serverless-plugin-warmup":
		return only("source")
	case string(members["warmer"]) == "true": // lambda-warmer's
		return (members["concurrency"] == nil || kind("concurrency") == '0') && only("warmer", "concurrency")
	case text("key1") == "value1": // the console's test
		return text("key2") == "value2" && text("key3") == "value3" && only("key1", "key2", "key3")
	}
	return false
}

// isEmpty reports whether the detail of an event has nothing in it. The Scheduler
// writes it as a string.
func isEmpty(detail jsontext.Value) bool {
	var text string
	if json.Unmarshal(detail, &text) == nil {
		detail = jsontext.Value(text)
	}
	var members map[string]jsontext.Value
	return len(detail) == 0 || json.Unmarshal(detail, &members) == nil && len(members) == 0
}

// maxPing is more than any of them has, in bytes.
const maxPing = 4 << 10

// pong is no answer of a receiver: a sender that takes a ping for a delivery must
// not find "accepted" in it.
var pong = []byte(`{"status":"ping"}`)
