package gcp_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/gcp/gcs"
	"github.com/labelhook/labelhook/internal/test/conformance"
	fakegcs "github.com/labelhook/labelhook/internal/test/gcs"
	"github.com/labelhook/labelhook/internal/test/required"
	"github.com/labelhook/labelhook/labelhooktest"
)

// built builds the receiver and the worker, as programs of this machine.
func built(t *testing.T) (receiver, worker string) {
	dir := t.TempDir()
	receiver, worker = filepath.Join(dir, "receiver"), filepath.Join(dir, "worker")
	for program, source := range map[string]string{receiver: "./function/serve", worker: "./worker/serve"} {
		if out, err := exec.Command("go", "build", "-o", program, source).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return receiver, worker
}

// What a receiver took, the handler behind a subscription or bucket gets as it came,
// and only what is safe is acknowledged.
func TestWorker(t *testing.T) {
	receiver, worker := built(t)
	t.Run("by Pub/Sub", func(t *testing.T) { throughPubSub(t, receiver, worker) })
	t.Run("by a bucket", func(t *testing.T) { throughABucket(t, receiver, worker) })
	t.Run("what stays", func(t *testing.T) { onlyWhatIsSafe(t, worker) })
}

// program is one that runs.
type program struct {
	url string
	log *log
}

// log is what a program writes.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// start returns once the program listens.
func start(t *testing.T, path string, variables ...map[string]string) program {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	required.NoError(t, err)
	_, port, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	p := program{"http://127.0.0.1:" + port + "/", &log{}}
	command := exec.Command(path)
	command.Env = []string{"PORT=" + port, "HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	for _, more := range variables {
		for name, value := range more {
			command.Env = append(command.Env, name+"="+value)
		}
	}
	command.Stdout, command.Stderr = p.log, p.log
	required.NoError(t, command.Start())
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	t.Cleanup(func() {
		command.Process.Kill()
		<-ended
		ended <- nil
	})
	for {
		connection, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			connection.Close()
			return p
		}
		select {
		case err := <-ended:
			ended <- nil
			t.Fatalf("%v: %s", err, p.log)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// post sends a request, and returns the status.
func post(t testing.TB, url string, header map[string]string, body []byte) (status int, answer []byte, headers http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	required.NoError(t, err)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	required.NoError(t, err)
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	required.NoError(t, err)
	return response.StatusCode, answer, response.Header
}

type object = map[string]any

func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

// wrapped is a message as Pub/Sub pushes it.
func wrapped(attributes map[string]string, data []byte) []byte {
	return encode(object{"message": object{"attributes": attributes, "data": base64.StdEncoding.EncodeToString(data), "messageId": "1", "publishTime": "2026-01-01T00:00:00Z"},
		"subscription": "projects/acme-ml/subscriptions/labels"})
}

func send(t testing.TB, to program, c conformance.Case) conformance.Answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), c.Method, to.url, bytes.NewReader(c.Body))
	required.NoError(t, err)
	for _, h := range c.Header {
		r.Header[h.Name] = append(r.Header[h.Name], h.Value)
	}
	response, err := http.DefaultClient.Do(r)
	required.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	required.NoError(t, err)
	return conformance.Answer{Status: response.StatusCode, Header: response.Header, Body: body}
}

// with is the environment of the conformance suite, changed.
func with(destination string, more map[string]string) map[string]string {
	variables := conformance.Environment(destination)
	if !strings.HasPrefix(destination, "http") {
		delete(variables, "LABELHOOK_DEAD_LETTER") // of a receiver, where nothing is refused
	}
	maps.Copy(variables, more)
	return variables
}

func throughPubSub(t *testing.T, receiver, worker string) {
	server := pstest.NewServer()
	defer server.Close()
	_, err := server.GServer.CreateTopic(t.Context(), &pubsubpb.Topic{Name: "projects/acme-ml/topics/labels"})
	required.NoError(t, err)
	end := conformance.NewDestination(t)
	from := start(t, receiver, with("pubsub://acme-ml/labels", map[string]string{"PUBSUB_EMULATOR_HOST": server.Addr}))
	to := start(t, worker, with(end.URL, nil))
	n := 0
	conformance.Run(t, conformance.Onwards(0), conformance.Platform{Taken: end.Taken, Do: func(t testing.TB, c conformance.Case) conformance.Answer {
		a := send(t, from, c)
		for _, m := range server.Messages() {
			n++
			header, body := map[string]string{"Content-Type": "application/json"}, wrapped(m.Attributes, m.Data)
			switch n % 3 { // each way in which it may come
			case 1:
				header["Ce-Type"], header["Ce-Id"] = "google.cloud.pubsub.topic.v1.messagePublished", "1"
			case 2:
				header["Content-Type"] = "application/cloudevents+json; charset=utf-8"
				body = encode(object{"specversion": "1.0", "id": "1", "type": "google.cloud.pubsub.topic.v1.messagePublished", "data": json.RawMessage(body)})
			}
			if status, answer, _ := post(t, to.url, header, body); status != 200 {
				t.Errorf("answered %d %s; it logged:\n%s", status, answer, to.log)
			}
		}
		server.ClearMessages()
		return a
	}})
}

func throughABucket(t *testing.T, receiver, worker string) {
	storage := fakegcs.New(t, "labels")
	emulator := map[string]string{"STORAGE_EMULATOR_HOST": storage.URL}
	end := conformance.NewDestination(t)
	from := start(t, receiver, with("gs://labels/raw", emulator))
	to := start(t, worker, with(end.URL, emulator), map[string]string{"LABELHOOK_SOURCES": "gs://labels/raw"})
	seen := map[string]bool{}
	conformance.Run(t, conformance.Onwards(0), conformance.Platform{Taken: end.Taken, Do: func(t testing.TB, c conformance.Case) conformance.Answer {
		a := send(t, from, c)
		for name := range storage.Objects() {
			if seen[name] {
				continue
			}
			seen[name] = true
			header, body := map[string]string{"Ce-Type": "google.cloud.storage.object.v1.finalized", "Ce-Id": "1"}, encode(object{"bucket": "labels", "name": name, "generation": "1"})
			if len(seen)%2 == 0 { // by Pub/Sub
				header, body = nil, wrapped(map[string]string{"eventType": "OBJECT_FINALIZE", "bucketId": "labels", "objectId": name, "payloadFormat": "JSON_API_V1"}, body)
			}
			if status, answer, _ := post(t, to.url, header, body); status != 200 {
				t.Errorf("answered %d %s; it logged:\n%s", status, answer, to.log)
			}
		}
		return a
	}})
	for _, o := range []object{{"bucket": "other", "name": "raw/x.json"}, {"bucket": "labels", "name": "else/x.json"}, {"bucket": "labels", "name": "raw/../x.json"}} {
		if status, _, _ := post(t, to.url, map[string]string{"Ce-Type": "google.cloud.storage.object.v1.finalized"}, encode(o)); status != 422 {
			t.Errorf("%v is answered %d", o, status)
		}
	}
}

func onlyWhatIsSafe(t *testing.T, worker string) {
	storage := fakegcs.New(t, "labels")
	t.Setenv("STORAGE_EMULATOR_HOST", storage.URL)
	overflow, err := gcs.Open("gs://labels/overflow")
	required.NoError(t, err)
	end := conformance.NewDestination(t)
	to := start(t, worker, with(end.URL, map[string]string{
		"LABELBOX_WEBHOOK_SECRET": labelhooktest.Secret, "LABELBOX_WEBHOOK_SECRET_PREVIOUS": "",
		"STORAGE_EMULATOR_HOST": storage.URL, "LABELHOOK_OVERFLOW": "gs://labels/overflow", "LABELHOOK_MAX_BODY": "20000000",
	}))
	d := labelhooktest.Delivery(payload.LabelCreated, bytes.Repeat([]byte(" {}"), 4_000_000))
	required.NoError(t, overflow.Handle(t.Context(), d))
	attributes := func(change map[string]string) map[string]string {
		all := map[string]string{}
		for _, a := range d.Attributes() {
			all["ce-"+a.Name] = a.Value
		}
		maps.Copy(all, change)
		return all
	}
	there := overflow.(destination.Bucket).Locate(d)
	small := labelhooktest.Delivery(payload.LabelCreated, labelhooktest.Sample(payload.LabelCreated, payload.V2))
	unwrapped := map[string]string{"X-Goog-Pubsub-Message-Id": "1"}
	for _, a := range small.Attributes() {
		unwrapped["ce-"+a.Name] = a.Value
	}
	for name, test := range map[string]struct {
		header map[string]string
		body   []byte
		status int
		code   core.Code
	}{
		"a body in the overflow bucket": {nil, wrapped(attributes(map[string]string{"ce-dataref": there}), nil), 200, ""},
		"a message without its wrapper": {unwrapped, small.Body, 200, ""},
		"a body that is gone":           {nil, wrapped(attributes(map[string]string{"ce-dataref": there + "x"}), nil), 503, core.CodeBodyUnavailable},
		"a body in another bucket":      {nil, wrapped(attributes(map[string]string{"ce-dataref": "gs://other/overflow/x.json"}), nil), 422, core.CodeForeignMessage},
		"a body on the web":             {nil, wrapped(attributes(map[string]string{"ce-dataref": "http://metadata.google.internal/"}), nil), 422, core.CodeForeignMessage},
		"another body":                  {nil, wrapped(attributes(nil), small.Body), 422, core.CodeForeignMessage},
		"not ours":                      {nil, wrapped(map[string]string{"order": "7"}, []byte("hello")), 422, core.CodeForeignMessage},
		"no message":                    {nil, []byte(`{"order":7}`), 422, core.CodeForeignMessage},
		"not JSON":                      {nil, []byte("hello"), 422, core.CodeForeignMessage},
		"nothing":                       {nil, nil, 422, core.CodeForeignMessage},
		"another event":                 {map[string]string{"Ce-Type": "google.cloud.audit.log.v1.written"}, []byte("{}"), 422, core.CodeForeignMessage},
		"a damaged event":               {map[string]string{"Content-Type": "application/cloudevents+json"}, []byte("{"), 422, core.CodeForeignMessage},
		"an object that went":           {nil, wrapped(map[string]string{"eventType": "OBJECT_DELETE", "bucketId": "labels", "objectId": "x"}, nil), 422, core.CodeForeignMessage},
		"a forged signature": {nil, wrapped(func() map[string]string {
			a := attributes(map[string]string{"ce-dataref": there})
			a["ce-labelboxsignature"] = "sha1=" + strings.Repeat("0", 40)
			return a
		}(), nil), 401, core.CodeSignatureMismatch},
	} {
		status, answer, _ := post(t, to.url, test.header, test.body)
		var problem struct{ Code core.Code }
		json.Unmarshal(answer, &problem)
		if taken := len(end.Taken(t)); status != test.status || problem.Code != test.code || (taken == 1) != (status == 200) {
			t.Errorf("%s: answered %d %s, taken %d; it logged:\n%.2000s", name, status, answer, taken, to.log)
		}
	}
	if log := to.log.String(); strings.Contains(log, "order") || strings.Contains(log, labelhooktest.Secret) {
		t.Errorf("it logged:\n%.2000s", log)
	}
}
