package aws

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzChooseField checks that a secret is the whole value or one of its texts,
// and that an error tells nothing of it.
func FuzzChooseField(f *testing.F) {
	for _, s := range []string{"secret", `{"a":"tell-tale"}`, `{"a":1,"b":"x"}`, `{"a":"x","a":"y"}`, "{x}", " {} ", "{", ""} {
		f.Add(s, "")
		f.Add(s, "a")
	}
	f.Fuzz(func(t *testing.T, value, field string) {
		text, err := chooseField(value, field)
		if err != nil {
			if len(value) > 20 && !strings.Contains(field, value) && strings.Contains(err.Error(), value) {
				t.Errorf("%q gives %v", value, err)
			}
			return
		}
		if text == value && field == "" {
			return
		}
		var fields map[string]any
		if err := json.Unmarshal([]byte(strings.TrimSpace(value)), &fields); err != nil {
			t.Fatalf("%q is taken for JSON: %v", value, err)
		}
		for name, v := range fields {
			if v == text && (field == "" || field == name) {
				return
			}
		}
		t.Errorf("%q is in no field %q of %q", text, field, value)
	})
}
