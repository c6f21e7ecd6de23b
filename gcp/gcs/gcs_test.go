package gcs_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/gcp/gcs"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	fakegcs "github.com/labelhook/labelhook/internal/test/gcs"
	"github.com/labelhook/labelhook/internal/test/required"
)

func open(t testing.TB, url string) core.Handler {
	t.Helper()
	h, err := gcs.Open(url)
	required.NoError(t, err)
	return h
}

func bucket(t *testing.T) (core.Handler, *fakegcs.Server) {
	server := fakegcs.New(t, "labels")
	t.Setenv("STORAGE_EMULATOR_HOST", server.URL)
	return open(t, "gs://labels/raw/v2/"), server
}

func TestObjectsAreNamedByEventAndDay(t *testing.T) {
	b, server := bucket(t)
	d := destinationtest.Label(t)
	required.NoError(t, b.Handle(t.Context(), d))
	name := "raw/v2/event=label.created/dt=2024-05-06/20240506T171848.000Z-" + d.Key() + ".json"
	if o, found := server.Objects()[name]; !found || o.ContentType != "application/json" {
		t.Fatalf("objects are %v", server.Objects())
	}
	if got := b.(destination.Bucket).Locate(d); got != "gs://labels/"+name {
		t.Errorf("located at %s", got)
	}
}

// A role that may only create objects may be told so instead of the
// precondition.
func TestObjectThatMayNotBeOverwrittenIsTaken(t *testing.T) {
	b, server := bucket(t)
	server.Refuse(403, "f@p.iam.gserviceaccount.com does not have storage.objects.delete access to the Google Cloud Storage object.")
	if err := b.Handle(t.Context(), destinationtest.Label(t)); err != nil {
		t.Error(err)
	}
}

func TestFailuresAreForNowAndSayWhatToDo(t *testing.T) {
	for name, test := range map[string]struct {
		status  int
		message string
		want    string
	}{
		"no bucket":          {404, "The specified bucket does not exist.", "gs://labels/raw/v2: answered 404: The specified bucket does not exist.; create the bucket, or write the URL of one that exists"},
		"permission":         {403, "f@p does not have storage.objects.create access.", "gs://labels/raw/v2: answered 403: f@p does not have storage.objects.create access.; give the function's service account roles/storage.objectCreator on the bucket"},
		"refused":            {400, "no\nsuch\nthing", "gs://labels/raw/v2: answered 400: no such thing"},
		"refused in silence": {400, "", "gs://labels/raw/v2: answered 400"},
	} {
		t.Run(name, func(t *testing.T) {
			b, server := bucket(t)
			server.Refuse(test.status, test.message)
			err := b.Handle(t.Context(), destinationtest.Label(t))
			if err == nil || core.IsPermanent(err) || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// While Storage is not itself, the client tries again; the object is there once.
func TestTroubleIsTriedAgain(t *testing.T) {
	b, server := bucket(t)
	server.Refuse(503, "Backend Error")
	done := make(chan error)
	go func() { done <- b.Handle(t.Context(), destinationtest.Label(t)) }()
	for server.Requests() < 2 {
		select {
		case err := <-done:
			t.Fatalf("gave up: %v", err)
		default:
		}
	}
	server.Refuse(0, "")
	if err := <-done; err != nil || len(server.Objects()) != 1 {
		t.Errorf("%v; objects %v", err, server.Objects())
	}
}

func TestURLs(t *testing.T) {
	for url, want := range map[string]string{
		"gs://labels":           "gs://labels",
		"gs://labels/":          "gs://labels",
		"GS://labels/a//":       "gs://labels/a",
		"gs:my_bucket.example":  "gs://my_bucket.example",
		"gs://labels/a b/é=?#%": "gs://labels/a b/é=?#%",
	} {
		if h := open(t, url); h.(fmt.Stringer).String() != want {
			t.Errorf("%s is %s", url, h)
		}
	}
	d := core.Identify(http.Header{}, []byte("{}"))
	if got, want := open(t, "gs://labels/a b/?#").(destination.Bucket).Locate(d), "gs://labels/a%20b/%3F%23/event="; !strings.HasPrefix(got, want) {
		t.Errorf("located at %s, want %s…", got, want)
	}
	destinationtest.CheckRefused(t, gcs.Open, "",
		"gs:", "gs://", "gs:///prefix", "gs://Labels-key", "gs://a", "gs://me-key@labels", "gs://labels-key?x", "gs://labels/"+strings.Repeat("key", 300))
}

// Without credentials the delivery is not taken, and the next one looks again.
func TestWithoutCredentials(t *testing.T) {
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", "/dev/null/none")
	b := open(t, "gs://labels")
	destinationtest.CheckForNow(t, b, b.Handle(t.Context(), destinationtest.Label(t)), "")
	server := fakegcs.New(t, "labels")
	t.Setenv("STORAGE_EMULATOR_HOST", strings.TrimPrefix(server.URL, "http://"))
	if err := b.Handle(t.Context(), destinationtest.Label(t)); err != nil || len(server.Objects()) != 1 {
		t.Errorf("%v; objects %v", err, server.Objects())
	}
}
