package diff_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core/annotation"
	"github.com/labelhook/labelhook/core/annotation/diff"
)

func read(t testing.TB, content string) *annotation.Set {
	t.Helper()
	set, err := annotation.Read(annotation.AssetSize{}, annotation.Content{JSON: []byte(content)})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

const box = `{"feature_id":%q,"name":%q,"bounding_box":{"top":%v,"left":%v,"height":%v,"width":%v}}`

func boxed(id, name string, top, left, height, width any) string {
	return fmt.Sprintf(box, id, name, top, left, height, width)
}

func objects(all ...string) string { return `{"objects":[` + strings.Join(all, ",") + `]}` }

func answered(question, name string) string {
	return `{"classifications":[{"feature_id":"q","name":"` + question + `","radio_answer":{"feature_id":"o","name":"` + name + `"}}]}`
}

func TestOf(t *testing.T) {
	car := boxed("1", "car", 10, 20, 30, 40)
	for name, test := range map[string]struct{ before, after, want string }{
		"nothing":         {objects(car), objects(car), ""},
		"another order":   {objects(car, boxed("2", "tree", 0, 0, 1, 1)), objects(boxed("2", "tree", 0, 0, 1, 1), car), ""},
		"added":           {objects(), objects(car), "added object car 1: box"},
		"removed":         {objects(car), objects(), "removed object car 1: box"},
		"moved":           {objects(car), objects(boxed("1", "car", 11.5, 18, 30, 40)), "changed object car 1: moved by -2, 1.5"},
		"resized":         {objects(car), objects(boxed("1", "car", 10, 20, 30, 41)), "changed object car 1: 40 × 30 → 41 × 30"},
		"another class":   {objects(car), objects(boxed("1", "van", 10, 20, 30, 40)), "changed object van 1: class “car” → “van”"},
		"without ids":     {objects(boxed("", "car", 1, 1, 1, 1), boxed("", "car", 2, 2, 2, 2)), objects(boxed("", "car", 2, 2, 2, 2), boxed("", "car", 1, 1, 1, 3)), "changed object car: 1 × 1 → 3 × 1"},
		"an id twice":     {objects(car, car), objects(car), "removed object car 1: box"},
		"another drawing": {objects(car), objects(`{"feature_id":"1","name":"car","point":{"x":1,"y":2}}`), "changed object car 1: box → point; reshaped"},
		"a line as it is": {objects(`{"feature_id":"1","name":"l","line":[{"x":1,"y":2},{"x":3,"y":4}]}`),
			objects(`{"feature_id":"1","name":"l","line":[{"x":1.1,"y":2},{"x":3.1,"y":4}]}`), "changed object l 1: moved by 0.1, 0"},
		"a line bent": {objects(`{"feature_id":"1","name":"l","line":[{"x":1,"y":2},{"x":3,"y":4}]}`),
			objects(`{"feature_id":"1","name":"l","line":[{"x":1,"y":2},{"x":3,"y":5}]}`), "changed object l 1: 1 of 2 points moved"},
		"a line longer": {objects(`{"feature_id":"1","name":"l","line":[{"x":1,"y":2},{"x":3,"y":4}]}`),
			objects(`{"feature_id":"1","name":"l","line":[{"x":1,"y":2},{"x":3,"y":4},{"x":5,"y":6}]}`), "changed object l 1: 2 points → 3 points"},
		"an answer":      {answered("Weather", "dry"), answered("Weather", "wet"), "changed classification Weather q: Weather: “dry” → “wet”"},
		"an answer more": {objects(), answered("Weather", "wet"), "added classification Weather q: Weather: “wet”"},
		"a color": {objects(`{"feature_id":"1","name":"p","color":"#fff","point":{"x":1,"y":2}}`),
			objects(`{"feature_id":"1","name":"p","color":"#000","point":{"x":1,"y":2}}`), ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, c := range diff.Of(read(t, test.before), read(t, test.after)) {
				got = append(got, c.String())
			}
			if strings.Join(got, "\n") != test.want {
				t.Errorf("%s, want %s", strings.Join(got, "\n"), test.want)
			}
		})
	}
}

// What is compared with itself has not changed; with nothing, all of it has.
func TestEveryKindOfLabel(t *testing.T) {
	files, _ := filepath.Glob("../testdata/annotations/*.json")
	files = slices.DeleteFunc(files, func(name string) bool { return strings.HasSuffix(name, ".golden.json") })
	if len(files) < 20 {
		t.Fatalf("%d labels", len(files))
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		set := read(t, string(content))
		n := len(set.Objects) + len(set.Classifications) + len(set.Relationships)
		if set.Text != "" {
			n++
		}
		if changes := diff.Of(set, read(t, string(content))); len(changes) > 0 {
			t.Errorf("%s: %v", file, changes)
		}
		empty := &annotation.Set{}
		if added, removed := diff.Of(empty, set), diff.Of(set, empty); len(added) != n || len(removed) != n {
			t.Errorf("%s: %d added, %d removed of %d", file, len(added), len(removed), n)
		}
	}
}

func FuzzOf(f *testing.F) {
	f.Add([]byte(objects(boxed("1", "car", 1, 2, 3, 4))), []byte(objects(boxed("1", "car", 1, 2, 3, 5), `{}`)))
	f.Add([]byte(answered("a", "b")), []byte(answered("a", "c")))
	f.Fuzz(func(t *testing.T, before, after []byte) {
		a, errA := annotation.Read(annotation.AssetSize{}, annotation.Content{JSON: before})
		b, errB := annotation.Read(annotation.AssetSize{}, annotation.Content{JSON: after})
		if errA != nil || errB != nil {
			return
		}
		added, removed := 0, 0
		for _, c := range diff.Of(a, b) {
			switch c.Kind {
			case diff.Added:
				added++
			case diff.Removed:
				removed++
			}
			if c.Kind == diff.Changed && len(c.Details) == 0 {
				t.Errorf("%+v says nothing", c)
			}
		}
		count := func(s *annotation.Set) int { return len(s.Objects) + len(s.Classifications) + len(s.Relationships) }
		if count(a)+added-removed != count(b) {
			t.Errorf("%d and %d added and %d removed make %d", count(a), added, removed, count(b))
		}
	})
}

func BenchmarkOf(b *testing.B) {
	var all []string
	for i := range 1000 {
		all = append(all, boxed(fmt.Sprint(i), "car", i, i, 10, 10))
	}
	before, after := read(b, objects(all...)), read(b, objects(all[1:]...))
	for b.Loop() {
		diff.Of(before, after)
	}
}
