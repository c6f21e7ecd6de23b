package sender

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

func TestSet(t *testing.T) {
	const payload = "{ \"id\": \"a\", \"rows\": [\"x\", \"y\"],\n\"none\": null, \"a.b\": {\"c\": 1.50}, \"p\": {\"7\": [{\"n\": 1}]} }"
	for name, test := range map[string]struct{ assignment, old, new, changed string }{
		"a text":                       {`id=b`, `"a"`, `"b"`, "id"},
		"a number":                     {`id=12.0`, `"a"`, `12.0`, "id"},
		"a quoted number is a text":    {`id="12"`, `"a"`, `"12"`, "id"},
		"an object":                    {`id={"k": [1]}`, `"a"`, `{"k": [1]}`, "id"},
		"null":                         {`id=null`, `"a"`, `null`, "id"},
		"nearly JSON is a text":        {`id={"k`, `"a"`, `"{\"k"`, "id"},
		"nothing is an empty text":     {`id=`, `"a"`, `""`, "id"},
		"a value with =":               {`id=a=b`, `"a"`, `"a=b"`, "id"},
		"an element":                   {`rows.1=z`, `"y"`, `"z"`, "rows.1"},
		"behind the last element":      {`rows.-1=z`, `"y"]`, `"y","z"]`, "rows.2"},
		"the same by its position":     {`rows.2=z`, `"y"]`, `"y","z"]`, "rows.2"},
		"a name with a dot":            {`a\.b.c=2`, `1.50`, `2`, `a\.b.c`},
		"a name of digits":             {`p.7.0.n=2`, `"n": 1`, `"n": 2`, "p.7.0.n"},
		"a name that looks a position": {`p.8=2`, `[{"n": 1}]}`, `[{"n": 1}],"8":2}`, "p.8"},
		"a new name":                   {`new.deep=1`, `]} }`, `]} ,"new":{"deep":1}}`, "new.deep"},
		"a new array":                  {`new.-1=1`, `]} }`, `]} ,"new":[1]}`, "new.0"},
		"below null":                   {`none.k=1`, `null`, `{"k":1}`, "none.k"},
		"a pattern is a name":          {`*=1`, `]} }`, `]} ,"*":1}`, `\*`},
		"a colon is a colon":           {`:1=1`, `]} }`, `]} ,":1":1}`, `\:1`},
	} {
		t.Run(name, func(t *testing.T) {
			edited, changed, err := SetNew([]byte(payload), test.assignment)
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.Replace(payload, test.old, test.new, 1); string(edited) != want || changed != test.changed {
				t.Errorf("got  %s (%s)\nwant %s (%s)", edited, changed, want, test.changed)
			}
		})
	}
}

// Set changes what is there, and appends where -1 says so; a path that leads
// nowhere is refused, with the one that was probably meant.
func TestSetRefusesWhatIsNotThere(t *testing.T) {
	const payload = `{"id": "a", "rows": ["x"], "none": null, "data_row": {"id": "d", "externalId": "e"}, "projects": {"p1": {"labels": [{"id": "l"}]}}, "a.b": 1, "": {"": 0}}`
	for assignment, nearest := range map[string]string{
		"id=1": "ok", "rows.0=1": "ok", "rows.-1=1": "ok", "none=1": "ok", "data_row.id=1": "ok", `a\.b=1`: "ok", "projects.p1.labels.0.id=1": "ok",
		"ID=1": "id", "idd=1": "id", "dataRow.id=1": "data_row.id", "data_row.extrenalId=1": "data_row.externalId", "data_row/id=1": "data_row.id",
		"externalId=1": "data_row.externalId", "a.b=1": "a\\.b", "projects[p1]=1": "projects.p1", "rows.1=1": "rows.0", "none.k=1": "none",
		"projects.p1.labels.0.author=1": "projects.p1.labels.0.id", "somethingElse=1": "", "new.-1=1": "", "*=1": "", "rows.-1.x=1": "", "@this.id=1": "id", "data_row.*=1": "data_row",
		"id|x=1": "id", "projects.p?.labels=1": "projects.p1.labels", "#=1": "",
		"z=1": "", "n.x=1": "", "id =1": "id", strings.Repeat("z", 1000) + "=1": "",
	} {
		_, _, err := Set([]byte(payload), assignment)
		var missing *MissingError
		switch {
		case nearest == "ok" && err != nil:
			t.Errorf("%s: %v", assignment, err)
		case nearest == "ok":
		case !errors.As(err, &missing):
			t.Errorf("%s: got %v", assignment, err)
		case len(err.Error()) > 200:
			t.Errorf("%d bytes of error", len(err.Error()))
		case nearest != missing.Nearest:
			t.Errorf("%s: did you mean %q? want %q", assignment, missing.Nearest, nearest)
		}
	}
	for _, assignment := range []string{"rows.#=1", "rows.*=1", "rows.+0=1", "rows.00=1", "rows.#(x==1)=1"} {
		if edited, _, err := SetNew([]byte(payload), assignment); err == nil {
			t.Errorf("%s: became %s", assignment, edited)
		}
	}
}

func TestSetRefuses(t *testing.T) {
	const object = `{"id": "a", "rows": ["x", "y"], "n": 1}`
	for name, test := range map[string]struct{ payload, assignment, says string }{
		"no value":                {object, "id", `"id" has no =`},
		"no path":                 {object, "=1", "empty name"},
		"an empty name":           {object, "id..x=1", "empty name"},
		"below a text":            {object, "id.x=1", "id is neither"},
		"a position in a text":    {object, "id.0=1", "id is neither"},
		"below a number":          {object, "n.x=1", "n is neither"},
		"a hole in an array":      {object, "rows.3=1", "rows is an array of 2"},
		"a name in an array":      {object, "rows.x=1", "rows is an array of 2"},
		"a hole in a new array":   {object, "new.4000000000=1", "new is an array of 0"},
		"no number of any size":   {object, "rows.99999999999999999999=1", "rows is an array of 2"},
		"before the first":        {object, "rows.-2=1", "rows is an array of 2"},
		"not UTF-8":               {object, "id=\xff", "not UTF-8"},
		"an array for a payload":  {`[]`, "id=1", "not a JSON object"},
		"no JSON for a payload":   {`{"id": `, "id=1", "not a JSON object"},
		"no payload":              {``, "id=1", "not a JSON object"},
		"far too deep a payload":  {strings.Repeat("[", 1<<20), "id=1", "not a JSON object"},
		"too deep, but an object": {`{"id":` + strings.Repeat("[", 1<<20) + strings.Repeat("]", 1<<20) + `}`, "id=1", "not a JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := SetNew([]byte(test.payload), test.assignment)
			if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, test.says)
			}
		})
	}
}

// FuzzSet checks that an edited payload is JSON, says at the changed path what
// was asked for, and does not grow by more than the assignment.
func FuzzSet(f *testing.F) {
	for _, assignment := range []string{"id=1", "rows.-1=x", `a\.b=[]`, "p.7.0.n={}", ":1=", `\:=\`, "new.0.0=1"} {
		f.Add([]byte(`{"id": "a", "rows": ["x"], "none": null, "a.b": 1, "p": {"7": [{"n": 1}]}}`), assignment)
	}
	f.Fuzz(func(t *testing.T, payload []byte, assignment string) {
		edited, changed, err := SetNew(payload, assignment)
		if strict, _, missing := Set(payload, assignment); missing == nil && (err != nil || string(strict) != string(edited)) {
			t.Fatalf("Set makes %s, SetNew %s", strict, edited)
		}
		if err != nil {
			return
		}
		if !json.Valid(edited) {
			t.Fatalf("%s is not JSON", edited)
		}
		_, value, _ := strings.Cut(assignment, "=")
		got := gjson.GetBytes(edited, changed)
		if json.Valid([]byte(value)) {
			if got.Raw != strings.Trim(value, " \t\r\n") {
				t.Fatalf("%s at %s, not %s", got.Raw, changed, value)
			}
		} else if got.Type != gjson.String || got.Str != value {
			t.Fatalf("%s at %s, not the text %s", got.Raw, changed, value)
		}
		if len(edited) > len(payload)+8*len(assignment)+8 {
			t.Fatalf("%d bytes became %d", len(payload), len(edited))
		}
	})
}
