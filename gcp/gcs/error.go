package gcs

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"google.golang.org/api/googleapi"
)

// judge makes of the answer what [Bucket.Handle] returns.
func judge(err error) error {
	var answer *googleapi.Error
	if !errors.As(err, &answer) {
		return err
	}
	switch {
	case answer.Code == http.StatusPreconditionFailed:
		return nil
	case answer.Code == http.StatusForbidden && strings.Contains(answer.Message, "storage.objects.delete"):
		// Only an object that is there would have to be deleted first.
		return nil
	case answer.Code == http.StatusForbidden:
		return fmt.Errorf("%s; give the function's service account roles/storage.objectCreator on the bucket", describeAnswer(answer))
	case answer.Code == http.StatusNotFound:
		return fmt.Errorf("%s; create the bucket, or write the URL of one that exists", describeAnswer(answer))
	}
	return errors.New(describeAnswer(answer))
}

// describeAnswer is one line, which the client's own text is not always.
func describeAnswer(answer *googleapi.Error) string {
	if answer.Message == "" {
		return fmt.Sprintf("answered %d", answer.Code)
	}
	return fmt.Sprintf("answered %d: %s", answer.Code, strings.Join(strings.Fields(answer.Message), " "))
}
