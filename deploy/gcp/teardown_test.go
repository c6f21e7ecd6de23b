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
	c.settle()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			here, err := os.Getwd()
			env.Vars = append(env.Vars, append(s.env, "HERE="+here)...)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// left N: how many resources there are
			"left": func(ts *testscript.TestScript, _ bool, args []string) {
				if left := c.names(); fmt.Sprint(len(left)) != args[0] {
					ts.Fatalf("left %q", left)
				}
			},
		},
	})
}
