package inbox

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
)

func refusal(n int, body string) Refusal {
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.Header.Set(core.SignatureHeader, fmt.Sprintf("sha1=%d", n))
	r.Header.Set("Authorization", "Bearer key")
	r.Header.Set("Cookie", "key")
	r.Header.Set("User-Agent", "labelbox")
	return NewRefusal(r, []byte(body), core.Response{Status: 401, Code: core.CodeSignatureMismatch})
}

func keep(tb testing.TB, path string, most int, all ...Refusal) {
	tb.Helper()
	k, err := OpenRefusals(path, most)
	if err != nil {
		tb.Fatal(err)
	}
	for _, r := range all {
		k.Add(r)
	}
	if err := k.Close(); err != nil {
		tb.Error(err)
	}
	k.Add(refusal(0, "after the end"))
}

func TestTheLastRefusalsAreKept(t *testing.T) {
	in := open(t)
	list, err := in.Refusals(t.Context(), RefusedQuery{})
	if err != nil || len(list) > 0 {
		t.Fatalf("%v, %v before any", list, err)
	}
	if _, err := in.Refusal(t.Context(), 1); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	for from := 0; from < 20; from += 10 {
		var some []Refusal
		for n := from; n < from+10; n++ {
			some = append(some, refusal(n, fmt.Sprintf("\x00body %d", n)))
		}
		keep(t, in.path, 7, some...)
	}
	store(t, in, numbered(1)) // which it keeps taking
	list, err = in.Refusals(t.Context(), RefusedQuery{})
	if err != nil || len(list) != 7 || list[0].Signature() != "sha1=19" || list[6].Signature() != "sha1=13" || list[0].Body != nil {
		t.Fatalf("%+v, %v", list, err)
	}
	n, err := in.Refusal(t.Context(), list[0].Number)
	if err != nil || string(n.Body) != "\x00body 19" || n.Size != 8 || n.Code != core.CodeSignatureMismatch || n.Status != 401 || n.Method != "POST" {
		t.Errorf("%+v, %v", n, err)
	}
	if text := fmt.Sprint(n.Headers); strings.Contains(text, "key") || !strings.Contains(text, "labelbox") {
		t.Errorf("%s", text)
	}
	k, err := OpenRefusals(in.path, 7)
	if err != nil {
		t.Fatal(err)
	}
	keep(t, in.path, 7, refusal(20, "of another process"))
	if first, second := k.Add(refusal(21, "")), k.Add(refusal(22, "")); first != "r21" || second != "r22" {
		t.Errorf("%s, %s", first, second)
	}
	if err := k.Close(); err != nil {
		t.Error(err)
	}
	list, err = in.Refusals(t.Context(), RefusedQuery{Limit: 3})
	if err != nil || list[0].ID() != "r23" || list[0].Signature() != "sha1=22" || list[2].Signature() != "sha1=20" {
		t.Errorf("%+v, %v", list, err)
	}
	number, ok := RefusalNumber(n.ID())
	if !ok || number != n.Number {
		t.Errorf("%s is read as %d", n.ID(), number)
	}
	for text, want := range map[string]int{"SHA1=1": 4, "mismatch": 7, "sha1=19": 1, "%": 0, "_": 7, "nothing": 0} {
		if list, err := in.Refusals(t.Context(), RefusedQuery{Text: text}); err != nil || len(list) != want {
			t.Errorf("%q: %d, %v", text, len(list), err)
		}
	}
	if list, err := in.Refusals(t.Context(), RefusedQuery{Before: n.Number + 1, Limit: 2}); err != nil || len(list) != 2 || list[0].Signature() != "sha1=19" {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestRefusalsAreBoundedInBytes(t *testing.T) {
	in := open(t)
	large := strings.Repeat("x", 6<<20)
	for n := range 4 {
		keep(t, in.path, 100, refusal(n, large))
	}
	list, err := in.Refusals(t.Context(), RefusedQuery{})
	if err != nil || len(list) != 2 || list[0].Signature() != "sha1=3" {
		t.Errorf("%d, %v", len(list), err)
	}
	k, err := OpenRefusals(in.path, 100)
	if err != nil {
		t.Fatal(err)
	}
	k.Add(refusal(4, strings.Repeat("x", refusedBytes+1)))
	if err := k.Close(); err != nil || k.lost.Load() != 1 || k.waiting.Load() != 0 {
		t.Errorf("%v, %d lost, %d bytes wait", err, k.lost.Load(), k.waiting.Load())
	}
}

// A file that has yet to become an inbox must not get a table: it would be taken
// for the database of another program.
func TestRefusalsLeaveWhatIsNoInboxAlone(t *testing.T) {
	path := t.TempDir() + "/new.db"
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	keep(t, path, 10, refusal(1, "x"))
	openAt(t, path)
}

func TestRefusalNumber(t *testing.T) {
	for _, id := range []string{"", "r", "r0", "r-1", "r+1", "1", "R1", "r1x", "r99999999999999999999", "rr1", "r 1"} {
		if n, ok := RefusalNumber(id); ok {
			t.Errorf("%q is %d", id, n)
		}
	}
}

func TestASignatureThatIsThereTwiceIsNone(t *testing.T) {
	r := Refusal{Headers: []core.HeaderField{{Name: core.SignatureHeader, Value: "a"}, {Name: core.SignatureHeader, Value: "b"}}}
	if got := r.Signature(); got != "" {
		t.Error(got)
	}
}

// What is written and not read in between: the body has no bound of its own.
func BenchmarkRefusals(b *testing.B) {
	in := open(b)
	k, err := OpenRefusals(in.path, 100)
	if err != nil {
		b.Fatal(err)
	}
	r := refusal(1, string(bytes.Repeat([]byte("x"), 2048)))
	for b.Loop() {
		k.Add(r)
	}
	if err := k.Close(); err != nil {
		b.Fatal(err)
	}
}
