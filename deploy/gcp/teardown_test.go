package gcp_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestTeardownAsks runs on a terminal, which testscript has on these systems.
func TestTeardownAsks(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skipf("no terminals for tests on %s", runtime.GOOS)
	}
	c := newCloud(t)
	s := newShell(t, c)
	c.resources[function] = object{"name": strings.TrimPrefix(function, "cloudfunctions/"), "environment": "GEN_2", "serviceConfig": object{}}
	c.resources[secret] = object{"name": strings.TrimPrefix(secret, "secretmanager/"), "labels": object{"labelhook": "labelhook"}}
	c.resources[accounts+"labelhook-run@acme-ml.iam.gserviceaccount.com"] = object{"displayName": "labelhook: runs the function labelhook"}
	large := c.resources[function]["serviceConfig"].(object)
	large["environmentVariables"] = object{"LABELHOOK_OVERFLOW": "gs://acme-large"}
	c.resources["storage/b/acme-large"] = object{"name": "acme-large", "id": "acme-large", "metageneration": "1"} // somebody else's
	c.policies["storage/b/acme-large"] = []string{"roles/storage.objectViewer serviceAccount:labelhook-work@acme-ml.iam.gserviceaccount.com"}
	c.resources[function+"-worker"] = object{"name": strings.TrimPrefix(function, "cloudfunctions/") + "-worker", "environment": "GEN_2", "serviceConfig": object{}}
	c.resources["monitoring/projects/acme-ml/alertPolicies/1"] = object{"name": "projects/acme-ml/alertPolicies/1", "displayName": "labelhook: worker of labelhook in us-central1"}
	for _, account := range []string{"work", "push"} {
		c.resources[accounts+"labelhook-"+account+"@acme-ml.iam.gserviceaccount.com"] = object{"displayName": "labelhook: is about the worker behind the function labelhook"}
	}
	c.settle()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			here, err := os.Getwd()
			env.Vars = append(env.Vars, append(s.env, "HERE="+here)...)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// left N [NAME]: how many resources there are, and that one has no rights any more
			"left": func(ts *testscript.TestScript, _ bool, args []string) {
				if left := c.names(); fmt.Sprint(len(left)) != args[0] {
					ts.Fatalf("left %q", left)
				}
				if len(args) > 1 && len(c.policies[args[1]]) > 0 {
					ts.Fatalf("left the rights %q", c.policies[args[1]])
				}
			},
		},
	})
}
