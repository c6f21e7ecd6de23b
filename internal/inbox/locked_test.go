package inbox

import (
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
)

// While another program holds the file, all that wait have one answer after one
// wait, and what comes afterwards is stored.
func TestALockedInboxIsWaitedForOnce(t *testing.T) {
	in := idle(t)
	other := raw(t, in.path)
	other("BEGIN IMMEDIATE")
	if err := in.writer.run("PRAGMA busy_timeout = 20"); err != nil {
		t.Fatal(err)
	}
	var ds []*core.Delivery
	for range 3 { // more than a transaction takes
		ds = append(ds, delivery("", "", strings.Repeat("x", batchBytes*2/3)))
	}
	results := together(t, in, ds...)
	for i, err := range results {
		if err == nil || core.IsPermanent(err) || !strings.Contains(err.Error(), "keeps the file locked") || !strings.Contains(err.Error(), in.path) {
			t.Errorf("result %d is %v", i, err)
		}
		if err != results[0] {
			t.Errorf("result %d is of another wait", i)
		}
	}
	other("ROLLBACK")
	store(t, in, numbered(1))
	if n := len(list(t, in.Reader, Query{})); n != 1 {
		t.Errorf("%d deliveries are there", n)
	}
}

// A status that a power failure takes leaves the delivery pending; a delivery
// must not be lost.
func TestOnlyDeliveriesWaitForTheDisk(t *testing.T) {
	in := open(t)
	for range 2 {
		store(t, in, numbered(1))
		if got := setting(t, in.writer, "synchronous"); got != 2 {
			t.Errorf("a delivery is written with synchronous %d", got)
		}
		if err := in.SetStatus(t.Context(), numbered(1), Failed); err != nil {
			t.Fatal(err)
		}
		if got := setting(t, in.writer, "synchronous"); got != 1 {
			t.Errorf("a status is written with synchronous %d", got)
		}
	}
}
