package aws

import (
	"encoding/json"
	"slices"
)

// isPing reports whether an event that is no HTTP request is one of those sent
// only to keep a function warm or to try it out. Each is known by all of its
// members: whatever has one more is somebody's data and must not be swallowed.
func isPing(payload []byte) bool {
	var members map[string]json.RawMessage
	if len(payload) > maxPing || json.Unmarshal(payload, &members) != nil || members == nil {
		return false
	}
	text := func(name string) (value string) {
		json.Unmarshal(members[name], &value)
		return value
	}
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
		return (text("source") == "aws.events" || text("source") == "aws.scheduler") &&
			only("version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail")
	case text("source") == "serverless-plugin-warmup":
		return only("source")
	case string(members["warmer"]) == "true": // lambda-warmer's
		return only("warmer", "concurrency")
	case text("key1") == "value1": // the console's test
		return text("key2") == "value2" && text("key3") == "value3" && only("key1", "key2", "key3")
	}
	return false
}

// maxPing is more than any of them has, in bytes.
const maxPing = 4 << 10

// pong is no answer of a receiver: whoever takes a ping for a delivery must not
// find "accepted" in it.
var pong = []byte(`{"status":"ping"}`)
