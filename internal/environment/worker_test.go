package environment_test

import (
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/environment"
)

func TestWorkersReadTheBucketsThatAreNamed(t *testing.T) {
	dir := t.TempDir()
	const secret = "a secret of sixteen"
	for _, test := range []struct {
		name      string
		variables map[string]string
		options   core.Options
		sources   int
		overflow  bool
		says      string
	}{
		{"none", map[string]string{"LABELBOX_WEBHOOK_SECRET": secret}, core.Options{}, 0, false, ""},
		{"two sources and an overflow", map[string]string{
			"LABELBOX_WEBHOOK_SECRET": secret, "LABELHOOK_SOURCES": "file:" + dir + " file:" + dir, "LABELHOOK_OVERFLOW": "file:" + dir + "/c",
		}, core.Options{}, 2, true, ""},
		{"a source that is no bucket", map[string]string{"LABELBOX_WEBHOOK_SECRET": secret, "LABELHOOK_SOURCES": "log:"}, core.Options{}, 0, false, "LABELHOOK_SOURCES: names a destination that cannot be read"},
		{"a source of no scheme here", map[string]string{"LABELBOX_WEBHOOK_SECRET": secret, "LABELHOOK_SOURCES": "s3://labels"}, core.Options{}, 0, false, "LABELHOOK_SOURCES: no destination here has the scheme"},
		{"an overflow that is no bucket", map[string]string{"LABELBOX_WEBHOOK_SECRET": secret, "LABELHOOK_OVERFLOW": "log:"}, core.Options{}, 0, false, "LABELHOOK_OVERFLOW: names a destination that keeps no objects"},
		{"no secret", nil, core.Options{}, 0, false, "LABELBOX_WEBHOOK_SECRET: not set"},
		{"no secret, and nothing is verified", nil, core.Options{Unverified: true}, 0, false, ""},
		{"no secret, and only unsigned ones are taken besides", nil, core.Options{Unsigned: true}, 0, false, "LABELBOX_WEBHOOK_SECRET: not set"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, _, err := environment.Worker(environment.Platform{
				Options: test.options,
				Getenv:  func(name string) string { return test.variables[name] },
			})
			if test.says != "" {
				if err == nil || !strings.HasPrefix(err.Error(), test.says) {
					t.Fatalf("got %v, want %s", err, test.says)
				}
				return
			}
			if err != nil || len(w.Sources) != test.sources || (w.Overflow != nil) != test.overflow {
				t.Errorf("%+v, %v", w, err)
			}
		})
	}
}

// A receiver never believes what only a worker may.
func TestReceiversVerifyWhateverTheOptionsSay(t *testing.T) {
	_, _, err := environment.Receiver(environment.Platform{
		Options: core.Options{Unverified: true, Unsigned: true},
		Getenv:  func(string) string { return "" },
	})
	if err == nil || !strings.HasPrefix(err.Error(), "LABELBOX_WEBHOOK_SECRET: not set") {
		t.Errorf("a receiver without a secret is made: %v", err)
	}
}
