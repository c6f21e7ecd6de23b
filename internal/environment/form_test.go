package environment_test

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/environment"
)

// arrived is what a destination was sent.
type arrived struct {
	url, contentType, signature, labelboxKey string
	body                                     []byte
}

func TestADestinationGetsTheFormThatItsURLAsksFor(t *testing.T) {
	body := find(t, payload.LabelCreated).Body()
	for query, want := range map[string]struct {
		passedOn string
		decoded  bool
	}{
		"":                      {"/hook", false},
		"?code=1":               {"/hook?code=1", false},
		"?form=contact":         {"/hook?form=contact", false}, // the endpoint's own
		"?form=decoded":         {"/hook", true},
		"?a=1&form=decoded&b=2": {"/hook?a=1&b=2", true},
	} {
		var got arrived
		endpoint := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			got = arrived{r.URL.String(), r.Header.Get("Content-Type"), r.Header.Get(core.SignatureHeader), r.Header.Get("ce-labelboxkey"), nil}
			got.body, _ = io.ReadAll(r.Body)
		}))
		r := receiver(t, platform(withSecret.with(variables{"LABELHOOK_DESTINATIONS": endpoint.URL + "/hook" + query}), nil))
		status, _ := send(t, r, key, payload.LabelCreated)
		endpoint.Close()
		is := core.Identify(http.Header{core.EventHeader: {"LABEL_CREATED"}}, body)
		if status != 200 || got.url != want.passedOn || got.signature == "" || got.labelboxKey != is.Key() {
			t.Errorf("%q: status %d, sent %s with signature %q and key %q", query, status, got.url, got.signature, got.labelboxKey)
		}
		if !want.decoded {
			if !bytes.Equal(got.body, body) {
				t.Errorf("%q: sent %.100q", query, got.body)
			}
			continue
		}
		checkDecoded(t, got.body, is.Key())
		if got.contentType != "application/vnd.labelhook.decoded.v1+json" {
			t.Errorf("%q: the content type is %q", query, got.contentType)
		}
	}
}

func checkDecoded(t *testing.T, text []byte, key string) {
	t.Helper()
	var document struct {
		Form, Event, Key string
		Annotations      struct{ Objects []any }
	}
	if err := json.Unmarshal(text, &document); err != nil || document.Form != "labelhook.decoded.v1" || document.Event != "label.created" || document.Key != key || len(document.Annotations.Objects) == 0 {
		t.Errorf("decoded is %.200s, %v", text, err)
	}
}

func TestBothFormsStandSideBySideInOneFolder(t *testing.T) {
	dir := t.TempDir()
	r := receiver(t, platform(withSecret.with(variables{"LABELHOOK_DESTINATIONS": "file:" + dir + " file:" + dir + "?form=decoded"}), nil))
	for range 2 { // a redelivery changes nothing
		if status, _ := send(t, r, key, payload.LabelCreated); status != 200 {
			t.Fatalf("status %d", status)
		}
	}
	files, err := fs.Glob(os.DirFS(dir), "event=label.created/dt=*/*.json")
	if err != nil || len(files) != 2 {
		t.Fatalf("files %q, %v", files, err)
	}
	decoded := slices.IndexFunc(files, func(name string) bool { return strings.HasSuffix(name, ".decoded.json") })
	if decoded < 0 || strings.TrimSuffix(files[1-decoded], ".json") != strings.TrimSuffix(files[decoded], ".decoded.json") {
		t.Fatalf("files %q", files)
	}
	body := find(t, payload.LabelCreated).Body()
	if exact, err := os.ReadFile(filepath.Join(dir, files[1-decoded])); err != nil || !bytes.Equal(exact, body) {
		t.Errorf("%s holds %.100q, %v", files[1-decoded], exact, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, files[decoded]))
	if err != nil {
		t.Fatal(err)
	}
	checkDecoded(t, text, core.Identify(http.Header{core.EventHeader: {"LABEL_CREATED"}}, body).Key())
}

func TestAFormIsPartOfADestinationsNameAndOverflows(t *testing.T) {
	var queues []*queue
	dir := t.TempDir()
	p := platform(withSecret.with(variables{"LABELHOOK_DESTINATIONS": "queue:a?form=decoded", "LABELHOOK_OVERFLOW": "file:" + dir}), new(bytes.Buffer))
	p.Destinations["queue"] = func(url string) (core.Handler, error) {
		if url != "queue:a" {
			t.Errorf("opened %s", url)
		}
		queues = append(queues, new(queue))
		return queues[len(queues)-1], nil
	}
	r, names, err := environment.Receiver(p)
	if err != nil || !slices.Equal(names, []string{"queue:test?form=decoded"}) {
		t.Fatalf("named %q, %v", names, err)
	}
	if status, _ := send(t, r, key, payload.LabelCreated); status != 200 {
		t.Fatalf("status %d", status)
	}
	if refs := queues[0].refs; len(refs) != 1 || !strings.HasSuffix(refs[0], ".decoded.json") {
		t.Errorf("refers to %q", refs)
	}
}
