package inbox_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/inbox"
)

func numbered(i int) *core.Delivery {
	return core.Identify(http.Header{core.IDHeader: {fmt.Sprint("id-", i)}}, []byte(fmt.Sprintf(`{"n":%d,"x":"%s"}`, i, strings.Repeat("x", 5000))))
}

// Pruning while deliveries come loses none of those that stay, and the names of
// what is gone lead nowhere.
func TestPruneWhileDeliveriesCome(t *testing.T) {
	path := filepath.Join(t.TempDir(), "box.db")
	in, err := inbox.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	const old, coming = 600, 200
	for i := range old {
		if err := in.Handle(t.Context(), numbered(i)); err != nil {
			t.Fatal(err)
		}
	}
	for _, i := range []int{3, 5} {
		if err := in.SetStatus(t.Context(), numbered(i), inbox.Failed); err != nil {
			t.Fatal(err)
		}
	}
	cut := time.Now()
	var all sync.WaitGroup
	all.Go(func() {
		for i := range coming {
			if err := in.Handle(t.Context(), numbered(old+i)); err != nil {
				t.Errorf("while it was pruned: %v", err)
			}
		}
	})
	p := inbox.Pruning{Before: cut}
	would, err := inbox.Prune(t.Context(), path, p, true)
	if err != nil || would != old-2 {
		t.Errorf("a dry run counts %d, %v", would, err)
	}
	removed, err := inbox.Prune(t.Context(), path, p, false)
	if err != nil || removed != old-2 {
		t.Errorf("removed %d, %v", removed, err)
	}
	all.Wait()
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := inbox.OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	left := map[string]bool{}
	for record, err := range r.List(t.Context(), inbox.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		left[record.ID] = true
	}
	if len(left) != coming+2 || !left["id-3"] || !left["id-5"] || !left[fmt.Sprint("id-", old+coming-1)] {
		t.Errorf("%d are left", len(left))
	}
	if _, err := r.Get(t.Context(), "id-0"); err == nil {
		t.Error("what was removed is still found")
	}
}

func TestPruneGivesBackSpaceWhenAsked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "box.db")
	in, err := inbox.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		if err := in.Handle(t.Context(), numbered(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	size := func() int64 {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	before := size()
	if n, err := inbox.Prune(context.Background(), path, inbox.Pruning{Keep: 10, Vacuum: true}, false); err != nil || n != 290 {
		t.Fatalf("removed %d, %v", n, err)
	}
	if after := size(); after > before/5 {
		t.Errorf("%d bytes of %d are left", after, before)
	}
	if _, err := inbox.Prune(t.Context(), filepath.Join(t.TempDir(), "none"), inbox.Pruning{}, true); err == nil {
		t.Error("pruned a file that is not there")
	}
}
