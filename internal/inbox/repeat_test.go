package inbox

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/labelhook/labelhook/core"
)

// A delivery is found by every id that it came with, the ids of repeats go with it,
// and one that is repeated without end does not fill the file.
func TestRepeatsKeepTheirIDs(t *testing.T) {
	in := open(t)
	var repeats []string
	in.OnRepeat = func(d *core.Delivery) { repeats = append(repeats, d.ID) }
	again := func(id string) *core.Delivery {
		d := numbered(1)
		d.ID = id
		return d
	}
	store(t, in, numbered(1), numbered(2), again("other"), numbered(2), again("third"), again(""), numbered(3))
	if want := []string{"other", "id-2", "third", ""}; !slices.Equal(repeats, want) {
		t.Errorf("repeats are %q, want %q", repeats, want)
	}
	for _, id := range []string{"id-1", "other", "third"} {
		if found, err := in.Get(t.Context(), id); err != nil || len(found) != 1 || found[0].ID != "id-1" || found[0].Repeats != 3 {
			t.Errorf("%s: %v, %v", id, found, err)
		}
	}
	if found := list(t, in.Reader, Query{IDs: []string{"third", "id-2"}}); len(found) != 2 {
		t.Errorf("%v", found)
	}
	for i := range 300 {
		store(t, in, again(fmt.Sprintf("flood-%d", i)))
	}
	if _, err := in.Get(t.Context(), "flood-10"); err != nil {
		t.Error(err)
	}
	if _, err := in.Get(t.Context(), "flood-200"); !errors.Is(err, ErrNotFound) {
		t.Errorf("the names of repeats have no bound: %v", err)
	}
	if n, err := Prune(t.Context(), in.path, Pruning{Before: time.Now().Add(time.Hour), Keep: 1}, false); err != nil || n != 2 {
		t.Fatalf("%d, %v", n, err)
	}
	var left int
	if err := in.db.QueryRow("SELECT count(*) FROM names").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d names are left, %v", left, err)
	}
}

// What a transaction that failed had inserted is no repeat when it comes again.
func TestWhatWasRolledBackIsNoRepeat(t *testing.T) {
	in := open(t)
	told := 0
	in.OnRepeat = func(*core.Delivery) { told++ }
	store(t, in, numbered(1))
	in.writer.lastRow = 2 // as after an insert that was rolled back, were it not forgotten
	in.writer.rollBack()
	store(t, in, numbered(2))
	if told != 0 {
		t.Error("a new delivery is taken for a repeat")
	}
}
