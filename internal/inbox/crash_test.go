package inbox

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/labelhook/labelhook/core"
)

// crashFile, set in the environment, makes this test binary the program that
// TestKilledProcessLosesNothing kills.
const crashFile = "INBOX_CRASH_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(crashFile); path != "" {
		storeUntilKilled(path, os.Getenv(crashFile+"_ROUND"))
	}
	os.Exit(m.Run())
}

// storeUntilKilled prints the name of each delivery after the inbox has
// acknowledged it. It never returns.
func storeUntilKilled(path, round string) {
	in, err := Open(path)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	var n atomic.Int64
	for range 32 {
		go func() {
			for {
				name := fmt.Sprintf("%s-%d", round, n.Add(1))
				if err := in.Handle(context.Background(), crashDelivery(name)); err != nil {
					fmt.Println(err)
					os.Exit(1)
				}
				os.Stdout.WriteString(name + "\n") // one write: whole lines only
			}
		}()
	}
	select {}
}

func crashDelivery(name string) *core.Delivery {
	return delivery(name, "", fmt.Sprintf(`{"name":%q,"filler":%q}`, name, strings.Repeat(name, 300)))
}

// A killed process leaves its unsynced writes to the system, so this proves
// that acknowledgement follows the commit and that the file recovers, not that
// the disk has it; for that see TestCommitsReachTheDisk.
func TestKilledProcessLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	path := filepath.Join(t.TempDir(), "labelhook.db")
	acknowledged := map[string]bool{}
	for round := range 8 {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), crashFile+"="+path, fmt.Sprintf("%s_ROUND=%d", crashFile, round))
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 1; lines.Scan(); n++ {
			acknowledged[lines.Text()] = true
			if n == 1+round*150 {
				if err := child.Process.Kill(); err != nil {
					t.Error(err)
				}
			}
		}
		if err := child.Wait(); err == nil || child.ProcessState.Exited() {
			t.Fatalf("round %d ended by itself: %v; it said %q", round, err, lines.Text())
		}
	}

	in := openAt(t, path)
	found := map[string]bool{}
	for _, r := range list(t, in.Reader, Query{}) {
		if found[r.ID] || r.Repeats != 0 {
			t.Errorf("%s is there more than once", r.ID)
		}
		found[r.ID] = true
		if want := crashDelivery(r.ID); string(r.Body) != string(want.Body) || r.Key != want.Key() {
			t.Errorf("%s came back changed", r.ID)
		}
	}
	for name := range acknowledged {
		if !found[name] {
			t.Errorf("%s was acknowledged and is lost", name)
		}
	}
	var verdict string
	if err := in.db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity check: %q, %v", verdict, err)
	}
	t.Logf("%d acknowledged, %d stored", len(acknowledged), len(found))
}
