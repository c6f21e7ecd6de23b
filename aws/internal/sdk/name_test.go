package sdk_test

import (
	"strings"
	"testing"

	"github.com/labelhook/labelhook/aws/internal/sdk"
)

func TestIsName(t *testing.T) {
	const limit, marks = 5, "-_"
	for text, want := range map[string]bool{
		"": false, "a": true, "azAZ0": true, "9-_": true, "abcdef": false,
		"a b": false, "a.b": false, "a\n": false, "é": false, "a\x00": false, "\u212a": false, // the Kelvin sign folds to k
		"@": false, "[": false, "`": false, "{": false, "/": false, ":": false, // the neighbours of letters and digits
	} {
		if got := sdk.IsName(text, limit, marks); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	if !sdk.IsName(strings.Repeat("a", 512), 512, "") || sdk.IsName(strings.Repeat("a", 513), 512, "") {
		t.Error("the limit is not the limit")
	}
}
