package gcs

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"google.golang.org/api/googleapi"
)

// exists reports whether there is such an object already. To a role that may not
// replace objects Storage says that instead.
func exists(err error) bool {
	var answer *googleapi.Error
	return errors.As(err, &answer) && (answer.Code == http.StatusPreconditionFailed ||
		answer.Code == http.StatusForbidden && strings.Contains(answer.Message, "storage.objects.delete"))
}

// explain makes one line of an answer, which the client's own text is not always.
func explain(b *bucket, err error) error { return explainTo(b, err, remedies) }

func explainTo(b *bucket, err error, remedies map[int]string) error {
	var answer *googleapi.Error
	if !errors.As(err, &answer) {
		return fmt.Errorf("%s: %w", b, err)
	}
	text := fmt.Sprintf("%s: answered %d", b, answer.Code)
	if answer.Message != "" {
		text += ": " + strings.Join(strings.Fields(answer.Message), " ")
	}
	if remedy := remedies[answer.Code]; remedy != "" {
		text += "; " + remedy
	}
	return errors.New(text)
}

var remedies = map[int]string{
	http.StatusForbidden: "give the function's service account roles/storage.objectCreator on the bucket",
	http.StatusNotFound:  "create the bucket, or write the URL of one that exists",
}
