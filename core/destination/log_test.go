package destination_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
)

func TestLogWritesOneLineOfJSON(t *testing.T) {
	for name, test := range map[string]struct {
		body       string
		data       string // as JSON, "" if there is none
		dataBase64 string
	}{
		"an object":             {"{\"a\": 1,\r\n\t\"b\": [ \"x y\" ]}\n", `{"a":1,"b":["x y"]}`, ""},
		"duplicate keys":        {`{"a":1,"a":2}`, "", "eyJhIjoxLCJhIjoyfQ=="},
		"a huge number":         {`{"a":1e999999}`, "", "eyJhIjoxZTk5OTk5OX0="},
		"not UTF-8 in a text":   {"{\"a\":\"\x9b\"}", "", "eyJhIjoimyJ9"},
		"what turns text round": {"{\"a\":\"\u202e\u009b\x7f\"}", `{"a":"\u202e\u009b\u007f"}`, ""},
		"half a surrogate":      {`{"a":"\ud800"}`, "", "eyJhIjoiXHVkODAwIn0="},
		"a list":                {`[1]`, `[1]`, ""},
		"cut short":             {`{"a":`, "", "eyJhIjo="},
		"not UTF-8":             {"\xff\xfe", "", "//4="},
		"two values":            {`{} {}`, "", "e30ge30="},
		"a line break in":       {"{\"a\":\"\n\"}", "", "eyJhIjoiCiJ9"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			handle(t, destination.NewLog(&out), destinationtest.New(`an "id"`, "LABEL_CREATED", []byte(test.body)))
			if strings.Count(out.String(), "\n") != 1 || !strings.HasSuffix(out.String(), "}\n") {
				t.Errorf("not one line: %q", &out)
			}
			var line struct {
				Msg, SpecVersion, ID, Type, LabelboxKey, Received string
				Data                                              json.RawMessage
				DataBase64                                        string `json:"data_base64"`
			}
			if err := json.Unmarshal(out.Bytes(), &line); err != nil {
				t.Fatalf("%v in %s", err, &out)
			}
			if line.Msg != "delivery" || line.SpecVersion != "1.0" || line.ID != `an "id"` || line.Type == "" || len(line.LabelboxKey) != 32 || line.Received == "" {
				t.Errorf("wrote %s", &out)
			}
			if string(line.Data) != test.data || line.DataBase64 != test.dataBase64 {
				t.Errorf("data %s, data_base64 %q, want %s, %q", line.Data, line.DataBase64, test.data, test.dataBase64)
			}
			if strings.Contains(out.String(), destinationtest.Signature[5:]) {
				t.Errorf("the signature is in the log: %s", &out)
			}
		})
	}
}

// one fails the test when it is written to by two at once, or in pieces.
type one struct {
	t     *testing.T
	busy  sync.Mutex
	lines int
}

func (w *one) Write(p []byte) (int, error) {
	if !w.busy.TryLock() {
		w.t.Error("two writes at the same time")
		return 0, errors.New("busy")
	}
	defer w.busy.Unlock()
	w.lines++
	if p[0] != '{' || p[len(p)-1] != '\n' {
		w.t.Errorf("half a line: %q", p)
	}
	return len(p), nil
}

func TestLogWritesLinesWhole(t *testing.T) {
	w := &one{t: t}
	l := destination.NewLog(w)
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			if err := l.Handle(t.Context(), destinationtest.Label(t)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if w.lines != 32 {
		t.Errorf("%d writes of 32 lines", w.lines)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestLogFailsForNowWhenItCannotBeWritten(t *testing.T) {
	err := destination.NewLog(full{}).Handle(t.Context(), destinationtest.Label(t))
	if err == nil || err.Error() != "log: disk full" || core.IsPermanent(err) {
		t.Errorf("got %v", err)
	}
}
