package inbox

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
)

func filledKey(n int64) string {
	return (&core.Delivery{Event: payload.WorkflowAction, Body: fmt.Append(nil, n)}).Key()
}

// fill adds the deliveries from+1 to to by SQL. Delivery n has the id "id-n" and
// n for a body.
func fill(exec func(string), from, to int) {
	exec(fmt.Sprintf(`INSERT INTO deliveries
		WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		SELECT i, filled_key(i), 'id-' || i, 'workflow.action', '', 'p', 's', 'r', 1795000000000000 + i, i, i, 0,
			'accepted', length(i), '', '', '', '', '', CAST(i AS BLOB) FROM n`, from+1, to))
}

// namedUpTo says how far the index of names reaches and how many it holds.
func namedUpTo(t *testing.T, in *Inbox) (upto, names int64) {
	t.Helper()
	if err := in.db.QueryRow("SELECT (SELECT upto FROM named), (SELECT count(*) FROM names)").Scan(&upto, &names); err != nil {
		t.Fatal(err)
	}
	return upto, names
}

// finds checks that id, key and the beginning of the key lead to the deliveries,
// and to them only.
func finds(t *testing.T, r *Reader, numbers ...int) {
	t.Helper()
	for _, n := range numbers {
		key := filledKey(int64(n))
		for _, name := range []string{fmt.Sprint("id-", n), key, key[:8], key[:20]} {
			if got, err := r.Get(t.Context(), name); err != nil || len(got) != 1 || got[0].Seq != int64(n) {
				t.Errorf("%s leads to %d deliveries, %v", name, len(got), err)
			}
		}
		if got := list(t, r, Query{IDs: []string{key, "none"}}); len(got) != 1 || got[0].Seq != int64(n) {
			t.Errorf("%s selects %d deliveries", key, len(got))
		}
	}
}

func TestNamesAreIndexedInBulk(t *testing.T) {
	in := idle(t)
	defer in.start()
	exec := raw(t, in.path)
	tidy := func() (more bool) {
		in.writer.counted = false // rows that other programs add are counted when the file is opened
		return in.writer.tidy()
	}
	for _, step := range []struct {
		rows        int
		more        bool
		upto, names int64
	}{
		{namesWorthwhile - 1, false, 0, 0},
		{namesWorthwhile, true, namesWorthwhile, 2 * namesWorthwhile},
		{namesWorthwhile + 100, false, namesWorthwhile, 2 * namesWorthwhile},
		{namesAtOnce + 2*namesWorthwhile, true, namesAtOnce + namesWorthwhile, 2 * (namesAtOnce + namesWorthwhile)},
		{namesAtOnce + 2*namesWorthwhile, true, namesAtOnce + 2*namesWorthwhile, 2 * (namesAtOnce + 2*namesWorthwhile)},
		{namesAtOnce + 2*namesWorthwhile, false, namesAtOnce + 2*namesWorthwhile, 2 * (namesAtOnce + 2*namesWorthwhile)},
	} {
		var before int
		if err := in.db.QueryRow("SELECT ifnull(max(seq), 0) FROM deliveries").Scan(&before); err != nil {
			t.Fatal(err)
		}
		if before < step.rows {
			fill(exec, before, step.rows)
		}
		more := tidy()
		if upto, names := namedUpTo(t, in); more != step.more || upto != step.upto || names != step.names {
			t.Errorf("%d deliveries: named up to %d, %d names, more is %v", step.rows, upto, names, more)
		}
		finds(t, in.Reader, 1, 2, namesWorthwhile-1, max(1, int(step.upto)), min(step.rows, int(step.upto)+1), step.rows)
	}
	if got, err := in.Get(t.Context(), "0000000"); err == nil {
		t.Errorf("seven digits lead to %d deliveries", len(got))
	}
}

// Whoever looks a delivery up while its name moves from the list to the index
// finds it.
func TestNamesAreFoundWhileTheyAreIndexed(t *testing.T) {
	in := idle(t)
	defer in.start()
	const steps = 4
	fill(raw(t, in.path), 0, steps*namesWorthwhile)
	ctx, stop := context.WithCancel(t.Context())
	var looking sync.WaitGroup
	for from := range 2 {
		looking.Go(func() {
			for n := from; ctx.Err() == nil; n += 997 {
				finds(t, in.Reader, 1+n%(steps*namesWorthwhile))
			}
		})
	}
	slow := strings.ReplaceAll(addNames, fmt.Sprint(namesAtOnce), fmt.Sprint(namesWorthwhile))
	for n := range steps {
		if results, _ := in.writer.write([]*job{{delivery: numbered(1e6 + n), status: Accepted}}); results[0] != nil {
			t.Error(results[0])
		}
		if err := in.writer.run(slow); err != nil {
			t.Error(err)
		}
	}
	stop()
	looking.Wait()
	if upto, _ := namedUpTo(t, in); upto != steps*namesWorthwhile {
		t.Errorf("named up to %d", upto)
	}
}

// indexUntilKilled adds names, says so before it commits them, and never
// returns.
func indexUntilKilled(path string) {
	in, err := openIdle(path)
	if err == nil {
		err = in.writer.run("PRAGMA cache_size = 10") // so that most of it is in the log already
	}
	if err == nil {
		err = in.writer.run(strings.TrimSuffix(addNames, "COMMIT;"))
	}
	fmt.Println("added:", err)
	select {}
}

func TestKilledWhileNamesAreIndexed(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process")
	}
	path := filepath.Join(t.TempDir(), "labelhook.db")
	in, err := openIdle(path)
	if err != nil {
		t.Fatal(err)
	}
	in.start()
	fill(raw(t, path), 0, 2*namesWorthwhile)
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), crashFile+"="+path, crashFile+"_DOES=index")
	said := untilKilled(t, child, func(string) bool { return true })
	if len(said) != 1 || said[0] != "added: <nil>" {
		t.Fatalf("the child said %q", said)
	}
	if in, err = openIdle(path); err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer in.start()
	if upto, names := namedUpTo(t, in); upto != 0 || names != 0 {
		t.Errorf("half a step is there: named up to %d, %d names", upto, names)
	}
	finds(t, in.Reader, 1, 5000)
	in.writer.tidy()
	if upto, names := namedUpTo(t, in); upto != 2*namesWorthwhile || names != 4*namesWorthwhile {
		t.Errorf("afterwards: named up to %d, %d names", upto, names)
	}
	finds(t, in.Reader, 1, 5000)
}
