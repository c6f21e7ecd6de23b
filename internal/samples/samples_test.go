package samples

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
)

func TestEveryFileIsListedAndEveryListedFileIsThere(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var onDisk, listed []string
	for _, e := range entries {
		if name, found := strings.CutSuffix(e.Name(), ".json"); found {
			onDisk = append(onDisk, name)
		}
	}
	for _, s := range All() {
		if len(s.Body()) == 0 {
			t.Errorf("%s is empty", s.Name)
		}
		listed = append(listed, s.Name)
	}
	slices.Sort(listed)
	if listed = slices.Compact(listed); !slices.Equal(onDisk, listed) {
		t.Errorf("files %q\nlisted %q", onDisk, listed)
	}
}

// The documented payloads are Labelbox's, to the byte: not even a line break at
// the end may change.
func TestDocumentedPayloadsAreUnchanged(t *testing.T) {
	sums := map[string]string{
		"v1-label-created": "2f628a88f55670ac0869d1582449abbf65bd120ae66babcfd85089f72a90b581",
		"v1-label-deleted": "5b0458683a85b6d40dc0268d85e8f080b2f367b13ded181a49e35a9a3f169040",
		"v1-label-updated": "b0150dfc62b341b4bf05665d778dbedc17c43538d4dc3d34490572c4255d6a7d",
		"v1-workflow":      "76b150f8d69d64fae31f8f598a0f9e82334b8284040f045bc7d9cb1af56042ba",
		"v2-label-created": "c2d3eee23b4649afa52eb645e2eb1a90d622b7f0faa3201a8ae15c7a8724ec0f",
		"v2-label-deleted": "0f4488953805564a34f05bf4a2124814e2acd90540a3ce500c40914bd490ec49",
		"v2-label-updated": "c2d3eee23b4649afa52eb645e2eb1a90d622b7f0faa3201a8ae15c7a8724ec0f", // documented with the body of created
		"v2-workflow":      "6ae9491fe7b44e135751958841102794767ea760b6270c9605e767dc47c902ed",
	}
	for _, s := range Documented() {
		sum := sha256.Sum256(s.Body())
		if got := hex.EncodeToString(sum[:]); got != sums[s.Name] {
			t.Errorf("%s has SHA-256 %s, want %q", s.Name, got, sums[s.Name])
		}
		delete(sums, s.Name)
	}
	for name := range sums {
		t.Errorf("%s is not among the documented ones", name)
	}
}

func TestEverySampleIsIdentifiedAsWhatItIsListedAs(t *testing.T) {
	for _, s := range All() {
		want := s.Version
		if s.Event == payload.WorkflowAction {
			want = payload.NoVersion
		}
		d := core.Identify(http.Header{core.EventHeader: {s.Header}}, s.Body())
		if d.Event != s.Event || d.Version != want {
			t.Errorf("%s under %s is a %s %q, want %s %q", s.Name, s.Header, d.Event, d.Version, s.Event, want)
		}
	}
}

func TestFindKnowsEveryEventInEveryVersion(t *testing.T) {
	for _, event := range payload.Events() {
		for _, version := range []payload.Version{payload.V1, payload.V2} {
			s, found := Find(event, version)
			if !found || s.Event != event || s.Version != version && s.Version != payload.NoVersion {
				t.Errorf("%s %s: found %q %s %s", event, version, s.Name, s.Event, s.Version)
			}
		}
	}
	if s, found := Find("label.renamed", payload.V2); found {
		t.Errorf("found %q for an event that does not exist", s.Name)
	}
}

func TestBodyReturnsACopy(t *testing.T) {
	s := All()[0]
	s.Body()[0] = 'x'
	if s.Body()[0] == 'x' {
		t.Error("a change to one body is in the next")
	}
}
