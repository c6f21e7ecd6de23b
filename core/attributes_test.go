package core_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/samples"
)

// What a destination is told, a consumer makes the same delivery of.
func TestFromAttributesIsTheInverse(t *testing.T) {
	for _, s := range samples.All() {
		for _, id := range []string{"delivery", "", "an id with blanks and Ünïcode"} {
			want := identified(s.Header, s.Body())
			want.ID, want.Signature, want.ContentType, want.Origin = id, "sha1=2fd4e1c67a2d28fced849ee1bb76e7391b93eb12", "application/json", "reconcile"
			attributes := want.Attributes()
			slices.Reverse(attributes)
			got, err := core.FromAttributes(append(attributes, core.Attribute{Name: "another", Value: "one"}), want.Body)
			if err != nil {
				t.Errorf("%s: %v", s.Name, err)
				continue
			}
			if !slices.Equal(got.Attributes(), want.Attributes()) || got.ID != want.ID || got.Event != want.Event || string(got.Body) != string(want.Body) {
				t.Errorf("%s:\n got %v\nwant %v", s.Name, got.Attributes(), want.Attributes())
			}
			if again := core.Identify(http.Header{core.EventHeader: {got.EventName}}, got.Body); again.Key() != want.Key() && want.Event != payload.Unknown {
				t.Errorf("%s: under its event name %q it is another delivery", s.Name, got.EventName)
			}
		}
	}
}

func TestFromAttributesRefusesWhatIsForeign(t *testing.T) {
	d := identified("LABEL_CREATED", sample)
	with := func(name, value string) []core.Attribute {
		attributes := slices.DeleteFunc(d.Attributes(), func(a core.Attribute) bool { return a.Name == name })
		return append(attributes, core.Attribute{Name: name, Value: value})
	}
	for name, test := range map[string]struct {
		attributes []core.Attribute
		body       string
		says       string
	}{
		"nothing":            {nil, "", `its type is ""`},
		"another's type":     {with("type", "com.example.made"), string(sample), `"com.example.made"`},
		"no event":           {with("type", "com.labelbox.label.painted"), string(sample), `"label.painted"`},
		"another body":       {d.Attributes(), strings.Replace(string(sample), "row", "low", 1), "not the one"},
		"another event":      {with("type", "com.labelbox.label.deleted"), string(sample), "not the one"},
		"an event not of it": {with("type", "com.labelbox.workflow.action"), string(sample), "its body is that of"},
	} {
		if got, err := core.FromAttributes(test.attributes, []byte(test.body)); !errors.Is(err, core.ErrForeign) || got != nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// A message may have room for a few attributes only.
func TestFromAttributesTakesFew(t *testing.T) {
	d, err := core.FromAttributes([]core.Attribute{{Name: "type", Value: "com.labelbox.label.created"}}, sample)
	if err != nil || d.Event != payload.LabelCreated || d.ID != "" || d.Signature != "" {
		t.Errorf("%+v, %v", d, err)
	}
}

func FuzzFromAttributes(f *testing.F) {
	f.Add("com.labelbox.label.created", "id", "key", []byte(`{"data_row":{"id":"r"}}`))
	f.Add("com.labelbox.unknown", "", "", []byte("?"))
	f.Fuzz(func(t *testing.T, kind, id, key string, body []byte) {
		d, err := core.FromAttributes([]core.Attribute{{"type", kind}, {"id", id}, {"labelboxkey", key}}, body)
		if (err == nil) != (d != nil) || err != nil && !errors.Is(err, core.ErrForeign) {
			t.Fatalf("%v, %v", d, err)
		}
		if d != nil {
			if again, err := core.FromAttributes(d.Attributes(), body); err != nil || again.Key() != d.Key() {
				t.Fatalf("not the same again: %v", err)
			}
		}
	})
}

func TestCodeOf(t *testing.T) {
	for err, want := range map[error]core.Code{
		nil: "", errors.New("another"): "", core.ErrBodyTooLarge: core.CodeBodyTooLarge, core.ErrSignatureMalformed: core.CodeSignatureMalformed,
		errors.Join(secret.ErrNone, errors.New("denied")): core.CodeSecretUnavailable, core.ErrOverloaded: core.CodeOverloaded,
	} {
		if got := core.CodeOf(err); got != want {
			t.Errorf("%v is %q, want %q", err, got, want)
		}
	}
}
