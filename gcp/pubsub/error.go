package pubsub

import (
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// explain says what to do about an error, if there is one.
func explain(t *topic, err error) error {
	if remedy := remedies[status.Code(err)]; remedy != "" {
		return fmt.Errorf("%s: %w; %s", t, err, remedy)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", t, err)
	}
	return nil
}

var remedies = map[codes.Code]string{
	codes.NotFound:         "create the topic, or write the URL of one that exists",
	codes.PermissionDenied: "give the function's service account roles/pubsub.publisher on the topic",
}
