package inbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/labelhook/labelhook/core"
)

const many = 400

// varied returns a delivery that no other n has, some of them too long for a page.
func varied(n int) *core.Delivery {
	return delivery(fmt.Sprintf("id-%d", n), "WORKFLOW_ACTION", fmt.Sprintf(
		`{"projectId":"p%d","action":"MOVE","dataRowIds":["row-%d"],"timestamp":"2026-11-23T17:48:01.5Z","pad":"%s"}`,
		n%2, n, strings.Repeat("x", n*n%30000)))
}

// filled returns the content of a closed inbox, and that of an open one
// with its log.
func filled(t *testing.T) (closed, main, log []byte) {
	t.Helper()
	f, err := fillOnce()
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(f[0]), bytes.Clone(f[1]), bytes.Clone(f[2])
}

var fillOnce = sync.OnceValues(func() (contents [3][]byte, err error) {
	folder, err := os.MkdirTemp("", "inbox")
	if err != nil {
		return contents, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "labelhook.db")
	in, err := Open(path)
	if err != nil {
		return contents, err
	}
	errs := make(chan error, many)
	for n := range many {
		go func() { errs <- in.Handle(context.Background(), varied(n)) }()
	}
	for range many {
		err = errors.Join(err, <-errs)
	}
	read := func(suffix string) (content []byte) {
		if err == nil {
			content, err = os.ReadFile(path + suffix)
		}
		return content
	}
	contents[1], contents[2] = read(""), read("-wal")
	err = errors.Join(err, in.Close())
	contents[0] = read("")
	return contents, err
})

// salvaged salvages content and checks that what it read is true.
func salvaged(t *testing.T, main, log []byte) (Salvaged, error) {
	t.Helper()
	folder := t.TempDir()
	path, into := filepath.Join(folder, "old.db"), filepath.Join(folder, "new.db")
	for suffix, content := range map[string][]byte{"": main, "-wal": log} {
		if content == nil {
			continue
		}
		if err := os.WriteFile(path+suffix, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, err := Salvage(context.Background(), path, into)
	if err != nil {
		if _, there := os.Stat(into); there == nil {
			t.Error("a salvage that failed leaves a file")
		}
		return found, err
	}
	if after, err := os.ReadFile(path); err != nil || sum(after) != sum(main) {
		t.Error("the damaged file was changed")
	}
	in := openAt(t, into)
	records := list(t, in.Reader, Query{})
	if len(records) != found.Read {
		t.Errorf("%d deliveries in the new inbox, and %d read", len(records), found.Read)
	}
	for _, r := range records {
		n, _ := strconv.Atoi(strings.TrimPrefix(r.ID, "id-"))
		want := varied(n)
		if string(r.Body) != string(want.Body) || r.Key != want.Key() || r.Status != Accepted || r.Time.IsZero() {
			t.Fatalf("number %d is not what it was", r.Seq)
		}
	}
	store(t, in, varied(many+1)) // it is an inbox like any other
	return found, nil
}

func TestSalvageOfAWholeInboxReadsAll(t *testing.T) {
	closed, main, log := filled(t)
	for name, test := range map[string][2][]byte{"closed": {closed, nil}, "with its log": {main, log}} {
		found, err := salvaged(t, test[0], test[1])
		if err != nil || found.Read != many || len(found.Missing)+found.Unknown != 0 || found.CutShort {
			t.Errorf("%s: %+v, %v", name, found, err)
		}
	}
}

func TestSalvageReadsWhatDamageHasLeft(t *testing.T) {
	closed, _, _ := filled(t)
	damages := map[string]struct {
		damage func(content []byte) []byte
		atMost int // deliveries lost
	}{
		"the header of the file": {func(c []byte) []byte { clear(c[:headerSize]); return c }, 0},
		"the first page":         {func(c []byte) []byte { clear(c[:defaultPageSize]); return c }, 0},
		"cut in half":            {func(c []byte) []byte { return c[:len(c)/2] }, many * 6 / 10},
		"cut within a page":      {func(c []byte) []byte { return c[:len(c)-defaultPageSize-100] }, 20},
	}
	random := rand.NewChaCha8([32]byte{7})
	for i := range 5 {
		at := i * len(closed) / 5
		damages[fmt.Sprintf("random bytes at %d", at)] = struct {
			damage func(content []byte) []byte
			atMost int
		}{func(c []byte) []byte { random.Read(c[at:min(at+2000, len(c))]); return c }, 40}
		page := (at/defaultPageSize + 1) * defaultPageSize
		damages[fmt.Sprintf("a page of zeros at %d", page)] = struct {
			damage func(content []byte) []byte
			atMost int
		}{func(c []byte) []byte { clear(c[page:min(page+defaultPageSize, len(c))]); return c }, 40}
	}
	for name, test := range damages {
		t.Run(name, func(t *testing.T) {
			found, err := salvaged(t, test.damage(append([]byte{}, closed...)), nil)
			if err != nil {
				t.Fatal(err)
			}
			lost := many - found.Read
			if lost > test.atMost {
				t.Errorf("%d deliveries lost, at most %d were in the way", lost, test.atMost)
			}
			if known := len(found.Missing) + found.Unknown; known != lost && !found.CutShort && test.atMost > 0 {
				t.Errorf("%d lost, and %d said to be: %+v", lost, known, found)
			}
		})
	}
}

func TestSalvageOfWhatHoldsNoDeliverySaysSo(t *testing.T) {
	for name, content := range map[string][]byte{
		"empty": {}, "text": []byte(strings.Repeat("no inbox ", 4000)), "zeros": make([]byte, 1<<16),
		"leaves that lie": []byte(strings.Repeat("\x0d\x00\x00\xff\xff\x00\x00\x00\x00\x09", 5000)),
	} {
		if _, err := salvaged(t, content, nil); !errors.Is(err, ErrNothing) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestADamagedInboxIsNotOpened(t *testing.T) {
	closed, _, _ := filled(t)
	for name, damage := range map[string]func([]byte) []byte{
		"a page of zeros": func(c []byte) []byte { clear(c[4*defaultPageSize : 5*defaultPageSize]); return c },
		"random bytes": func(c []byte) []byte {
			rand.NewChaCha8([32]byte{}).Read(c[len(c)/2 : len(c)/2+2*defaultPageSize])
			return c
		},
		"cut":             func(c []byte) []byte { return c[:len(c)/2] },
		"the schema gone": func(c []byte) []byte { clear(c[headerSize:defaultPageSize]); return c },
		"the header gone": func(c []byte) []byte { clear(c[:headerSize]); return c },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "labelhook.db")
			if err := os.WriteFile(path, damage(append([]byte{}, closed...)), 0o600); err != nil {
				t.Fatal(err)
			}
			in, err := Open(path)
			if err == nil {
				in.Close()
			}
			if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "--salvage") || strings.Contains(err.Error(), "\n") {
				t.Errorf("opened with %v", err)
			}
		})
	}
}

func FuzzSalvage(f *testing.F) {
	f.Add([]byte("SQLite format 3\x00"), []byte(nil))
	f.Fuzz(func(t *testing.T, main, log []byte) {
		path := filepath.Join(t.TempDir(), "old.db")
		if os.WriteFile(path, main, 0o600) != nil || os.WriteFile(path+"-wal", log, 0o600) != nil {
			t.Fatal("the files cannot be written")
		}
		p, err := openPages(path)
		if err != nil {
			return
		}
		defer p.Close()
		for _, ofTable := range []bool{true, false} {
			p.records(ofTable, func(_ int64, values []any) error {
				rowOf(values)
				indexed(values)
				return nil
			})
		}
	})
}

// logged returns the files of an inbox whose deliveries came one after the
// other, each in a transaction of its own.
func logged(t *testing.T, n int) (main, log []byte) {
	t.Helper()
	in := open(t)
	for i := range n {
		store(t, in, varied(i))
	}
	main, err := os.ReadFile(in.path)
	if err == nil {
		log, err = os.ReadFile(in.path + "-wal")
	}
	if err != nil {
		t.Fatal(err)
	}
	return main, log
}

func TestADamagedLogIsNotCutOffUnsaid(t *testing.T) {
	const count = 30
	main, log := logged(t, count)
	const frame = frameHeaderSize + defaultPageSize
	middle := logHeaderSize + len(log)/frame/2*frame
	for name, test := range map[string]struct {
		from, to int
		atMost   int // deliveries lost
		refused  bool
	}{
		"a page":          {middle + 100, middle + 2100, 10, true},
		"head of a frame": {middle, middle + frameHeaderSize, 10, true},
		"the first head":  {0, logHeaderSize, 10, true},
		"the beginning":   {0, 2000, 10, true},
		"the very end":    {len(log) - 10, len(log), count, false}, // as a power failure leaves it
	} {
		t.Run(name, func(t *testing.T) {
			damaged := bytes.Clone(log)
			rand.NewChaCha8([32]byte{3}).Read(damaged[test.from:test.to])
			found, err := salvaged(t, main, damaged)
			if err != nil || found.Read < count-test.atMost {
				t.Errorf("salvaged %+v, %v", found, err)
			}
			path := filepath.Join(t.TempDir(), "labelhook.db")
			if err := errors.Join(os.WriteFile(path, main, 0o600), os.WriteFile(path+"-wal", damaged, 0o600)); err != nil {
				t.Fatal(err)
			}
			reader, err := OpenReadOnly(path)
			if err == nil {
				reader.Close()
			}
			if errors.Is(err, ErrDamaged) != test.refused {
				t.Errorf("reading: %v", err)
			}
			if !test.refused {
				return
			}
			in, err := Open(path)
			if err == nil {
				in.Close()
			}
			if after, _ := os.ReadFile(path + "-wal"); !errors.Is(err, ErrDamaged) || sum(after) != sum(damaged) {
				t.Errorf("opening: %v; log changed: %t", err, sum(after) != sum(damaged))
			}
		})
	}
}

// changed returns the path of an inbox of ten deliveries whose page that holds
// the text and begins with kind was changed.
func changed(t *testing.T, kind byte, text string, change func(page []byte, at int)) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "labelhook.db")
	in, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 10 {
		store(t, in, numbered(n))
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for from := 0; from < len(content); from += defaultPageSize {
		page := content[from : from+defaultPageSize]
		if at := bytes.Index(page, []byte(text)); page[0] == kind && at >= 0 {
			change(page, at)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
	}
	t.Fatalf("no page with %q", text)
	return ""
}

// SQLite finds nothing wrong in these files.
func TestDamageThatSQLiteDoesNotSeeIsSeen(t *testing.T) {
	for name, path := range map[string]string{
		"a body": changed(t, tableLeaf, `"row-4"`, func(page []byte, at int) { page[at+5] = '3' }),
		"a number beyond the last": changed(t, indexLeaf, "id-4"+numbered(4).Key(), func(page []byte, at int) {
			at = bytes.LastIndex(page[:at], []byte("accepted"))
			page[at-2*8-1] = 100 // in front of the times of arrival
		}),
	} {
		t.Run(name, func(t *testing.T) {
			reader, err := OpenReadOnly(path)
			if err != nil {
				t.Fatal(err)
			}
			defer reader.Close()
			n := 0
			for _, err = range reader.List(t.Context(), Query{}) {
				if err == nil {
					n++
				}
			}
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("%d of 10 deliveries, and then %v", n, err)
			}
		})
	}
}
