package pubsub

import (
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// explain says what to do about an error.
func explain(err error) error {
	if remedy := remedies[status.Code(err)]; remedy != "" {
		return fmt.Errorf("%w; %s", err, remedy)
	}
	return err
}

var remedies = map[codes.Code]string{
	codes.NotFound:         "create the topic, or write the URL of one that exists",
	codes.PermissionDenied: "give the function's service account roles/pubsub.publisher on the topic",
}
