package timeout

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/labelhook/labelhook/internal/test/required"
)

func TestTimeLimitIsBelowTheHosts(t *testing.T) {
	none := t.TempDir()
	unlimited := t.TempDir()
	required.NoError(t, os.WriteFile(filepath.Join(unlimited, "host.json"), []byte(`{"version":"2.0","functionTimeout":"-1"}`), 0o600))
	for name, test := range map[string]struct {
		variables map[string]string
		want      time.Duration
	}{
		"as deployed":              {map[string]string{"FUNCTIONS_APP_ROOT_PATH": "../../../deploy/azure"}, 45 * time.Second},
		"an app setting outweighs": {map[string]string{"FUNCTIONS_APP_ROOT_PATH": "../../../deploy/azure", "AzureFunctionsJobHost__functionTimeout": "00:02:00"}, 90 * time.Second},
		"fractions":                {map[string]string{"AzureFunctionsJobHost__functionTimeout": "00:00:10.5"}, 7875 * time.Millisecond},
		"hours and minutes":        {map[string]string{"AzureFunctionsJobHost__functionTimeout": "00:01"}, 45 * time.Second},
		"more than the front end":  {map[string]string{"AzureFunctionsJobHost__functionTimeout": "1.00:00:00"}, frontEnd * 3 / 4},
		"no limit":                 {map[string]string{"FUNCTIONS_APP_ROOT_PATH": unlimited}, frontEnd * 3 / 4},
		"no host.json":             {map[string]string{"FUNCTIONS_APP_ROOT_PATH": none}, frontEnd * 3 / 4},
		"not a span":               {map[string]string{"AzureFunctionsJobHost__functionTimeout": "soon"}, frontEnd * 3 / 4},
		"nothing at all":           {map[string]string{"AzureFunctionsJobHost__functionTimeout": "00:00:00"}, frontEnd * 3 / 4},
	} {
		if got := Limit(func(name string) string { return test.variables[name] }); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
	var host struct{ FunctionTimeout string }
	text, err := os.ReadFile("../../../deploy/azure/host.json")
	required.NoError(t, err)
	required.NoError(t, json.Unmarshal(text, &host))
	if kills, ok := parseTimeSpan(host.FunctionTimeout); !ok || kills < 50*time.Second {
		t.Errorf("the host would kill after %v", kills)
	}
}
