package gcs_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/gcp/gcs"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	fakegcs "github.com/labelhook/labelhook/internal/test/gcs"
)

func open(t testing.TB, url string) core.Handler {
	t.Helper()
	h, err := gcs.Open(url)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func bucket(t *testing.T) (core.Handler, *fakegcs.Server) {
	server := fakegcs.New(t, "labels")
	t.Setenv(gcs.EmulatorVariable, server.URL)
	return open(t, "gs://labels/raw/v2/"), server
}

func TestObjectIsTheDelivery(t *testing.T) {
	b, server := bucket(t)
	d := destinationtest.Label(t)
	if err := b.Handle(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	name := "raw/v2/event=label.created/dt=2024-05-06/20240506T171848.000Z-" + d.Key() + ".json"
	o, found := server.Objects()[name]
	if !found || !bytes.Equal(o.Content, d.Body) || o.ContentType != "application/json" {
		t.Fatalf("objects are %v", server.Objects())
	}
	want := map[string]string{
		"ce-specversion": "1.0", "ce-id": "delivery", "ce-type": "com.labelbox.label.created",
		"ce-source": "/labelbox/projects/" + d.ProjectID, "ce-subject": d.LabelID, "ce-time": "2024-05-06T17:18:48Z",
		"ce-labelboxkey": d.Key(), "ce-labelboxsignature": destinationtest.Signature, "ce-labelboxversion": "v2", "ce-labelboxdatarow": d.DataRowID,
		"ce-datacontenttype": "application/json",
	}
	if !maps.Equal(o.Metadata, want) {
		t.Errorf("metadata %v, want %v", o.Metadata, want)
	}
	if got := b.(destination.Bucket).Locate(d); got != "gs://labels/"+name {
		t.Errorf("located at %s", got)
	}
}

func TestEveryByteArrives(t *testing.T) {
	b, server := bucket(t)
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for name, body := range map[string][]byte{
		"every byte":  every,
		"a boundary":  []byte("\r\n--x--\r\n--"),
		"no JSON":     []byte("\xff{"),
		"10 MiB":      bytes.Repeat([]byte("0123456789abcdef"), 10<<20/16),
		"only breaks": []byte("\r\n\r\n"),
	} {
		d := core.Identify(http.Header{core.EventHeader: {"SOMETHING"}}, body)
		if err := b.Handle(t.Context(), d); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := server.Objects()["raw/v2/"+d.ObjectName()].Content; !bytes.Equal(got, body) {
			t.Errorf("%s: %d bytes arrived", name, len(got))
		}
	}
}

func TestRepeatMakesNoSecondObject(t *testing.T) {
	b, server := bucket(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := b.Handle(t.Context(), destinationtest.Label(t)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(server.Objects()) != 1 || server.Requests() != 8 {
		t.Errorf("%d objects of %d requests", len(server.Objects()), server.Requests())
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

func TestTroubleEndsWithTheRequest(t *testing.T) {
	b, server := bucket(t)
	server.Refuse(503, "Backend Error")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- b.Handle(ctx, destinationtest.Label(t)) }()
	for server.Requests() == 0 {
	}
	cancel()
	if err := <-done; err == nil || core.IsPermanent(err) {
		t.Errorf("got %v", err)
	}
}

// What a sender may put into headers, and Storage has no room for, does not
// keep the delivery out.
func TestOddHeadersKeepNothingOut(t *testing.T) {
	for name, header := range map[string]http.Header{
		"no content type":   {},
		"odd content type":  {"Content-Type": {"json; é=\xff"}},
		"half content type": {"Content-Type": {"text/"}},
		"id in Latin-1":     {core.IDHeader: {"Zo\xeb"}},
		"very long id":      {core.IDHeader: {strings.Repeat("x", 9000)}},
	} {
		b, server := bucket(t)
		d := core.Identify(header, []byte("{}"))
		if err := b.Handle(t.Context(), d); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if o := server.Objects()["raw/v2/"+d.ObjectName()]; o.Metadata["ce-labelboxkey"] != d.Key() {
			t.Errorf("%s: metadata %v", name, o.Metadata)
		}
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
	for _, url := range []string{"gs:", "gs://", "gs:///prefix", "gs://Labels-secret", "gs://a", "gs://key-secret@labels", "gs://labels-secret?x", "gs://labels/" + strings.Repeat("secret", 200)} {
		if _, err := gcs.Open(url); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// Without credentials the delivery is not taken, and the next one looks again.
func TestWithoutCredentials(t *testing.T) {
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", "/dev/null/none")
	b := open(t, "gs://labels")
	if err := b.Handle(t.Context(), destinationtest.Label(t)); err == nil || core.IsPermanent(err) || !strings.HasPrefix(err.Error(), "gs://labels: ") {
		t.Errorf("got %v", err)
	}
	server := fakegcs.New(t, "labels")
	t.Setenv(gcs.EmulatorVariable, strings.TrimPrefix(server.URL, "http://"))
	if err := b.Handle(t.Context(), destinationtest.Label(t)); err != nil || len(server.Objects()) != 1 {
		t.Errorf("%v; objects %v", err, server.Objects())
	}
}

func Example() {
	// On Google Cloud there are credentials, and no emulator.
	os.Unsetenv(gcs.EmulatorVariable)
	bucket, err := gcs.Open("gs://labels/raw")
	fmt.Println(bucket, err)

	_, err = gcs.Open("gs:///raw")
	fmt.Println(err)
	// Output:
	// gs://labels/raw <nil>
	// this names no bucket; write gs://BUCKET/PREFIX, where BUCKET is small letters, digits, dots, dashes and underscores
}
