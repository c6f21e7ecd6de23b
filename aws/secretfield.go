package aws

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// defaultField is the field of a JSON secret that nobody need name.
const defaultField = "LABELBOX_WEBHOOK_SECRET"

// chooseField returns the webhook secret out of a secret's value: the value
// itself, or a field of it if it is a JSON object. Text that only looks like a
// JSON object is refused: as the secret itself it would match no signature, and
// nobody would see why. The errors hold nothing of the value.
func chooseField(value, field string) (string, error) {
	trimmed := strings.TrimSpace(value)
	if !strings.HasPrefix(trimmed, "{") || !strings.HasSuffix(trimmed, "}") {
		if field != "" {
			return "", fmt.Errorf("it is no JSON object, so it has no field %q; drop #%s from the id", field, field)
		}
		return value, nil
	}
	// jsontext sees a name that stands twice, which encoding/json does not. The
	// package that does both would make the function larger by a twentieth.
	var fields map[string]any
	if !jsontext.Value(trimmed).IsValid() || json.Unmarshal([]byte(trimmed), &fields) != nil {
		return "", errors.New("it looks like a JSON object but is not valid JSON; correct it")
	}
	if field != "" {
		text, found := fields[field].(string)
		if !found {
			return "", fmt.Errorf("its JSON has no text field %q; add it, or correct what follows # in the id", field)
		}
		return text, nil
	}
	if text, found := fields[defaultField].(string); found {
		return text, nil
	}
	var texts []string
	for _, v := range fields {
		if text, isText := v.(string); isText {
			texts = append(texts, text)
		}
	}
	if len(texts) != 1 {
		return "", fmt.Errorf("its JSON has %d text fields; say which with an id that ends in #FIELD, or call it %s", len(texts), defaultField)
	}
	return texts[0], nil
}
