package required_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Continuous integration runs what is pinned, may read the repository and no
// more, and leaves no credentials to what it runs.
func TestWorkflowTrustsNothingThatMayChange(t *testing.T) {
	text, err := os.ReadFile("../../../.github/workflows/ci.yml")
	if err != nil {
		t.Fatal(err)
	}
	workflow := string(text)
	if !strings.Contains(workflow, "\npermissions:\n  contents: read\njobs:") || strings.Contains(workflow, "write") {
		t.Error("the workflow may do more than read the repository")
	}
	steps := regexp.MustCompile(`(?m)^ +- (uses|run): (.*(?:\n {8,}.*)*)`).FindAllStringSubmatch(workflow, -1)
	if len(steps) < 8 {
		t.Fatalf("found %d steps", len(steps))
	}
	for _, step := range steps {
		what, rest := step[2], step[2]
		switch {
		case step[1] == "uses" && !regexp.MustCompile(`^[\w-]+/[\w-]+@[0-9a-f]{40} # v\d`).MatchString(what):
			t.Errorf("an action that may change: %s", what)
		case strings.HasPrefix(what, "actions/checkout@") && !strings.Contains(rest, "persist-credentials: false"):
			t.Errorf("credentials stay: %s", what)
		case strings.Contains(what, "pip install") && what != "pip install --no-deps -r .ci/requirements.txt":
			t.Errorf("packages that may change: %s", what)
		case regexp.MustCompile(`npm (i|install)\b|curl|wget|go install`).MatchString(what):
			t.Errorf("not pinned: %s", what)
		}
	}

	packages, err := os.ReadFile("../../../.ci/requirements.txt")
	if err != nil {
		t.Fatal(err)
	}
	pinned := map[string]bool{}
	for line := range strings.Lines(string(packages)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		name, version, _ := strings.Cut(strings.TrimSpace(line), "==")
		if !regexp.MustCompile(`^[0-9][0-9a-z.]*$`).MatchString(version) {
			t.Errorf("not one version: %s", line)
		}
		pinned[name] = true
	}
	for _, name := range []string{"cfn-lint", "aws-sam-translator", "moto", "awscli"} {
		if !pinned[name] {
			t.Errorf("%s is missing", name)
		}
	}
}
