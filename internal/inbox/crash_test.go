package inbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/labelhook/labelhook/core"
)

// crashFile, set in the environment, makes this test binary the program that
// TestKilledProcessLosesNothing kills.
const crashFile = "INBOX_CRASH_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(crashFile); path != "" {
		switch round := os.Getenv(crashFile + "_ROUND"); os.Getenv(crashFile + "_DOES") {
		case "":
			storeUntilKilled(path, round)
		case "index":
			indexUntilKilled(path)
		case "forward":
			forwardUntilKilled(path, os.Getenv(crashFile+"_TARGET"))
		}
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

// untilKilled starts the child, kills it after the line that enough says, and
// returns all lines.
func untilKilled(t *testing.T, child *exec.Cmd, enough func(line string) bool) (lines []string) {
	t.Helper()
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	for text := bufio.NewScanner(out); text.Scan(); {
		lines = append(lines, text.Text())
		if enough(text.Text()) {
			if err := child.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	if err := child.Wait(); err == nil || child.ProcessState.Exited() {
		t.Fatalf("the child ended by itself: %v; it said %q", err, lines)
	}
	return lines
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
		n := 0
		for _, name := range untilKilled(t, child, func(string) bool { n++; return n == 1+round*150 }) {
			acknowledged[name] = true
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

// forwardUntilKilled stores deliveries, passes each on to the target, and prints
// its name when that has it and the inbox has noted it. It never returns.
func forwardUntilKilled(path, target string) {
	fail := func(err error) {
		fmt.Println(err)
		os.Exit(1)
	}
	in, err := Open(path)
	if err != nil {
		fail(err)
	}
	handler := in.Noting(core.All(in, core.HandlerFunc(func(ctx context.Context, d *core.Delivery) error {
		answer, err := http.Post(target, "", strings.NewReader(d.ID))
		if err != nil {
			return err
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return errors.New(answer.Status)
		}
		return nil
	})))
	var n atomic.Int64
	for range 16 {
		go func() {
			for {
				name := fmt.Sprint(n.Add(1))
				outcome := Accepted
				if handler.Handle(context.Background(), crashDelivery(name)) != nil {
					outcome = Failed
				}
				os.Stdout.WriteString(name + " " + string(outcome) + "\n")
			}
		}()
	}
	select {}
}

// What a process that is killed while it passes deliveries on leaves in the
// inbox is true of each of them.
func TestKilledProcessLeavesTrueStatuses(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process")
	}
	path := filepath.Join(t.TempDir(), "labelhook.db")
	var mu sync.Mutex
	came, took := map[string]bool{}, map[string]bool{}
	const stuck = 5 // deliveries that the target has and does not answer before the end
	dead := make(chan struct{})
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		name := string(body)
		mu.Lock()
		came[name] = true
		if n := len(came); n%50 == 0 && n <= 50*stuck {
			mu.Unlock()
			<-dead
			return
		}
		refused := len(came)%7 == 0
		took[name] = !refused
		mu.Unlock()
		if refused {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer target.Close()

	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), crashFile+"="+path, crashFile+"_DOES=forward", crashFile+"_TARGET="+target.URL)
	n := 0
	lines := untilKilled(t, child, func(string) bool { n++; return n == 600 })
	close(dead)
	target.Close() // nothing comes any more

	in := openAt(t, path)
	status := map[string]Status{}
	counts := map[Status]int{}
	for _, r := range list(t, in.Reader, Query{}) {
		status[r.ID] = r.Status
		counts[r.Status]++
		if r.Status == Accepted && !took[r.ID] {
			t.Errorf("%s is accepted, and the target has not taken it", r.ID)
		}
		if r.Status == Failed && took[r.ID] {
			t.Errorf("%s has failed, and the target has taken it", r.ID)
		}
	}
	for _, line := range lines {
		if name, outcome, _ := strings.Cut(line, " "); status[name] != Status(outcome) {
			t.Errorf("%s was noted as %s, and is %q", name, outcome, status[name])
		}
	}
	if counts[Pending] < stuck || counts[Failed] == 0 || counts[Accepted] == 0 {
		t.Errorf("statuses %v", counts)
	}
	if pending := list(t, in.Reader, Query{Status: []Status{Pending}}); len(pending) != counts[Pending] {
		t.Errorf("%d of %d are selected as pending", len(pending), counts[Pending])
	}
}
