package staged_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"google.golang.org/grpc/codes"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/test/conformance"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/gcs"
	"github.com/labelhook/labelhook/internal/test/required"
)

// TestFunction builds the function once and holds it against everything that is
// promised of it.
func TestFunction(t *testing.T) {
	source := stage(t)
	used := modules(t, source)
	binary := build(t, source)
	if tidied := modules(t, source); !maps.Equal(used, tidied) {
		t.Errorf("go mod tidy changes what is used from %v to %v", used, tidied)
	}
	t.Run("conforms", func(t *testing.T) { conforms(t, binary) })
	t.Run("Pub/Sub", func(t *testing.T) { publishes(t, binary) })
	t.Run("Cloud Storage", func(t *testing.T) { keepsObjects(t, binary) })
	t.Run("overflow", func(t *testing.T) { overflows(t, binary) })
	t.Run("wrong configuration", func(t *testing.T) { refusesToStart(t, binary) })
	t.Run("another function", func(t *testing.T) { leavesAnotherAlone(t, binary) })
	t.Run("log", func(t *testing.T) { logsInGoogleTerms(t, binary) })
	t.Run("mounted secret", func(t *testing.T) { readsMountedSecret(t, binary) })
	t.Run("in parallel", func(t *testing.T) { servesInParallel(t, binary) })
	t.Run("SIGTERM", func(t *testing.T) { answersBeforeItEnds(t, binary) })
	t.Run("on this machine", func(t *testing.T) { servesHere(t, source) })
}

// modules is what the root package is built of, by path.
func modules(t *testing.T, source string) map[string]string {
	versions := map[string]string{}
	for line := range strings.Lines(run(t, source, "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}} {{.Version}}{{end}}", ".")) {
		if path, version, found := strings.Cut(strings.TrimSpace(line), " "); found {
			versions[path] = version
		}
	}
	return versions
}

func conforms(t *testing.T, binary string) {
	destination := conformance.NewDestination(t)
	p := start(t, binary, conformance.Environment(destination.URL))
	conformance.Run(t, conformance.Cases(), conformance.Platform{
		Do:    conformance.HTTP(p.address, "/"),
		Taken: destination.Taken,
	})
	p.stop(t)
	for _, never := range []string{conformance.Secret, conformance.PreviousSecret, "sha1="} {
		if strings.Contains(p.stdout.String()+p.stderr.String(), never) {
			t.Errorf("the log tells %q", never)
		}
	}
}

// outcomes are the cases in which the destination of the table refuses a body.
// Google's services do not look into bodies.
var outcomes = map[string]conformance.Deviation{
	"destination busy":                       {Reason: "the destination is not the table's"},
	"destination refuses, dead letter takes": {Reason: "the destination is not the table's"},
	"destination and dead letter refuse":     {Reason: "the destination is not the table's"},
}

// pubsub starts a fake of Pub/Sub with one topic.
func pubsub(t *testing.T, options ...pstest.ServerReactorOption) (*pstest.Server, map[string]string) {
	server := pstest.NewServer(options...)
	t.Cleanup(func() { server.Close() })
	if _, err := server.GServer.CreateTopic(t.Context(), &pubsubpb.Topic{Name: "projects/acme-ml/topics/labels"}); err != nil {
		t.Fatal(err)
	}
	variables := conformance.Environment("pubsub://acme-ml/labels")
	delete(variables, "LABELHOOK_DEAD_LETTER")
	variables["PUBSUB_EMULATOR_HOST"] = server.Addr
	return server, variables
}

func publishes(t *testing.T, binary string) {
	server, variables := pubsub(t)
	p := start(t, binary, variables)
	conformance.Run(t, conformance.Cases(), conformance.Platform{
		Do: conformance.HTTP(p.address, "/"),
		Taken: func(testing.TB) (taken []conformance.Taken) {
			for _, m := range server.Messages() {
				taken = append(taken, conformance.Taken{Body: m.Data, Attributes: bare(m.Attributes)})
			}
			server.ClearMessages()
			return taken
		},
		Deviations: outcomes,
	})
	t.Run("a refused publish", func(t *testing.T) {
		_, variables := pubsub(t, pstest.WithErrorInjection("Publish", codes.PermissionDenied, "no"))
		p := start(t, binary, variables)
		if status, body := p.send(t, "{}"); status != 503 || !strings.Contains(body, "delivery_failed") {
			t.Errorf("answered %d %s", status, body)
		}
		p.stop(t)
		if log := p.lines(t); len(log) != 1 || log[0]["severity"] != "ERROR" || !strings.Contains(fmt.Sprint(log[0]["error"]), "roles/pubsub.publisher") {
			t.Errorf("logged %v", log)
		}
	})
}

func keepsObjects(t *testing.T, binary string) {
	server := gcs.New(t, "labels")
	variables := conformance.Environment("gs://labels/raw")
	delete(variables, "LABELHOOK_DEAD_LETTER")
	variables["STORAGE_EMULATOR_HOST"] = server.URL
	p := start(t, binary, variables)
	seen := map[string]bool{}
	conformance.Run(t, conformance.Cases(), conformance.Platform{
		Do: conformance.HTTP(p.address, "/"),
		Taken: func(t testing.TB) (taken []conformance.Taken) {
			for name, o := range server.Objects() {
				if !seen[name] {
					taken = append(taken, conformance.Taken{Body: o.Content, Attributes: bare(destinationtest.Decoded(t, o.Metadata))})
				}
				seen[name] = true
			}
			return taken
		},
		Deviations: outcomes,
	})
	t.Run("a refused write", func(t *testing.T) {
		server.Refuse(403, "no access")
		if status, body := p.send(t, "{}"); status != 503 || !strings.Contains(body, "delivery_failed") {
			t.Errorf("answered %d %s", status, body)
		}
	})
}

// bare drops the prefix of CloudEvents attributes.
func bare(attributes map[string]string) map[string]string {
	all := map[string]string{}
	for name, value := range attributes {
		if name, found := strings.CutPrefix(name, "ce-"); found {
			all[name] = value
		}
	}
	return all
}

// A body over Pub/Sub's limit goes into the bucket, and the message refers to it.
func overflows(t *testing.T, binary string) {
	messages, variables := pubsub(t)
	bucket := gcs.New(t, "labels")
	variables["STORAGE_EMULATOR_HOST"] = bucket.URL
	variables["LABELHOOK_OVERFLOW"] = "gs://labels/large"
	delete(variables, "LABELHOOK_MAX_BODY")
	p := start(t, binary, variables)
	body := `"` + strings.Repeat("x", 10_000_000) + `"`
	if status, answer := p.send(t, body); status != 200 {
		t.Fatalf("answered %d %s", status, answer)
	}
	got := messages.Messages()
	if len(got) != 1 || len(got[0].Data) != 0 {
		t.Fatalf("messages %v", got)
	}
	name := strings.TrimPrefix(got[0].Attributes["ce-dataref"], "gs://labels/")
	if o, found := bucket.Objects()[name]; !found || string(o.Content) != body {
		t.Errorf("%q is not the body", name)
	}
}

// request is a signed delivery.
func (p *process) request(t testing.TB, key, body string) *http.Request {
	t.Helper()
	s, err := secret.New(key)
	required.NoError(t, err)
	r, err := http.NewRequest("POST", "http://"+p.address+"/", strings.NewReader(body))
	required.NoError(t, err)
	r.Header.Set(core.SignatureHeader, core.Sign([]byte(body), s))
	return r
}

// send sends a delivery signed with the table's secret.
func (p *process) send(t testing.TB, body string) (status int, answer string) {
	t.Helper()
	return do(t, p.request(t, conformance.Secret, body))
}

func do(t testing.TB, r *http.Request) (status int, answer string) {
	t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return response.StatusCode, string(body)
}

// A revision that cannot work does not become ready: it ends before it listens,
// with one line that names the variable, so traffic stays on the one before.
func refusesToStart(t *testing.T, binary string) {
	with := func(more map[string]string) map[string]string {
		variables := map[string]string{"LABELBOX_WEBHOOK_SECRET": "secret"}
		maps.Copy(variables, more)
		return variables
	}
	missing := filepath.Join(t.TempDir(), "missing")
	for name, test := range map[string]struct {
		variables map[string]string
		says      string
	}{
		"no secret":           {nil, "LABELBOX_WEBHOOK_SECRET: not set or empty"},
		"empty secret":        {map[string]string{"LABELBOX_WEBHOOK_SECRET": ""}, "LABELBOX_WEBHOOK_SECRET: not set or empty"},
		"blank secret":        {map[string]string{"LABELBOX_WEBHOOK_SECRET": " "}, "LABELBOX_WEBHOOK_SECRET: "},
		"unresolved secret":   {conformance.EnvironmentWithoutSecret("log:"), "LABELBOX_WEBHOOK_SECRET: "},
		"no secret file":      {map[string]string{"LABELBOX_WEBHOOK_SECRET_FILE": missing}, "LABELBOX_WEBHOOK_SECRET_FILE: "},
		"secret manager":      {map[string]string{"LABELBOX_WEBHOOK_SECRET_ID": "id"}, "LABELBOX_WEBHOOK_SECRET_ID: there is no secret manager here; set LABELBOX_WEBHOOK_SECRET"},
		"another cloud":       {with(map[string]string{"LABELHOOK_DESTINATIONS": "sqs://labels"}), `LABELHOOK_DESTINATIONS: no destination here has the scheme "sqs"; write one of file:DIR, gs:…, https://HOST/PATH, log:, pubsub:…`},
		"topic without name":  {with(map[string]string{"LABELHOOK_DESTINATIONS": "pubsub://acme-ml"}), "LABELHOOK_DESTINATIONS: this names no topic"},
		"bucket without name": {with(map[string]string{"LABELHOOK_OVERFLOW": "gs://"}), "LABELHOOK_OVERFLOW: this names no bucket"},
		"log level":           {with(map[string]string{"LABELHOOK_LOG_LEVEL": "loud"}), `LABELHOOK_LOG_LEVEL: "loud" is not a level`},
	} {
		t.Run(name, func(t *testing.T) {
			p := launch(t, binary, test.variables)
			<-p.ended
			log := p.lines(t)
			if p.ProcessState.ExitCode() != 1 || p.stderr.Len() > 0 || len(log) != 1 {
				t.Fatalf("%s, log %v, stderr %s", p.ProcessState, log, &p.stderr)
			}
			if message := fmt.Sprint(log[0]["message"]); log[0]["severity"] != "CRITICAL" || !strings.HasPrefix(message, "wrong configuration: "+test.says) {
				t.Errorf("%s: %s", log[0]["severity"], message)
			}
		})
	}
}

// Where another function of the same source is the one to run, this one's
// configuration does not matter: the framework looks for the other.
func leavesAnotherAlone(t *testing.T, binary string) {
	p := launch(t, binary, map[string]string{"FUNCTION_TARGET": "Another"})
	<-p.ended
	if !strings.Contains(p.stderr.String(), `no matching function found with name: "Another"`) || p.stdout.Len() > 0 {
		t.Errorf("stdout %s, stderr %s", &p.stdout, &p.stderr)
	}
}

func logsInGoogleTerms(t *testing.T, binary string) {
	p := start(t, binary, map[string]string{"LABELBOX_WEBHOOK_SECRET": "secret"})
	r := p.request(t, "secret", `{"a":1}`)
	r.Header.Set("X-Cloud-Trace-Context", "105445aa7843bc8bf206b12000100000/67667974448284343;o=1")
	r.Header.Set("Function-Execution-Id", "execution1")
	do(t, r)
	r = p.request(t, "wrong", `{"a":1}`)
	r.Header.Set("Traceparent", "00-105445aa7843bc8bf206b12000100000-00f067aa0ba902b7-01")
	r.Header.Set("Function-Execution-Id", "execution2")
	do(t, r)
	p.stop(t)

	log := p.lines(t)
	if len(log) != 4 {
		t.Fatalf("%d lines: %v", len(log), log)
	}
	for i, want := range []map[string]any{
		{"severity": "WARNING", "message": "no destination is set: deliveries are only logged, and are lost with the log", "variable": "LABELHOOK_DESTINATIONS"},
		{"severity": "INFO", "message": "delivery", "type": "com.labelbox.unknown", "data": map[string]any{"a": 1.0}},
		{"severity": "INFO", "message": "delivery accepted", "outcome": "accepted", "status": 200.0, "destinations": []any{"log:"},
			"logging.googleapis.com/labels": map[string]any{"execution_id": "execution1"}},
		{"severity": "WARNING", "message": "delivery refused", "code": "signature_mismatch", "status": 401.0,
			"logging.googleapis.com/labels": map[string]any{"execution_id": "execution2"}},
	} {
		if i > 1 {
			maps.Copy(want, map[string]any{
				"logging.googleapis.com/trace":         "105445aa7843bc8bf206b12000100000",
				"logging.googleapis.com/spanId":        "00f067aa0ba902b7",
				"logging.googleapis.com/trace_sampled": true,
			})
		}
		for field, value := range want {
			if !reflect.DeepEqual(log[i][field], value) {
				t.Errorf("%s is %v, want %v", field, log[i][field], value)
			}
		}
	}
}

func readsMountedSecret(t *testing.T, binary string) {
	file := filepath.Join(t.TempDir(), "labelbox")
	required.NoError(t, os.WriteFile(file, []byte("current\nprevious"), 0o600))
	p := start(t, binary, map[string]string{"LABELBOX_WEBHOOK_SECRET_FILE": file})
	for key, want := range map[string]int{"current": 200, "previous": 200, "another": 401} {
		if status, _ := do(t, p.request(t, key, "{}")); status != want {
			t.Errorf("signed with the %s one: %d", key, status)
		}
	}
}

// gate is a destination that holds every delivery until it is opened.
type gate struct {
	url    string
	holds  chan bool // gets a value for each delivery that has come
	opened chan bool
}

func newGate(t *testing.T) *gate {
	g := &gate{holds: make(chan bool, 100), opened: make(chan bool)}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // so that the end of the connection is noticed
		g.holds <- true
		select {
		case <-g.opened:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	g.url = server.URL
	return g
}

func (g *gate) environment() map[string]string {
	return map[string]string{"LABELBOX_WEBHOOK_SECRET": conformance.Secret, "LABELHOOK_DESTINATIONS": g.url}
}

// Ten deliveries are under way at once before the first is answered.
func servesInParallel(t *testing.T, binary string) {
	g := newGate(t)
	p := start(t, binary, g.environment())
	answers := make(chan int)
	for i := range 10 {
		go func() {
			status, _ := p.send(t, fmt.Sprint(i))
			answers <- status
		}()
	}
	for range 10 {
		<-g.holds
	}
	close(g.opened)
	for range 10 {
		if status := <-answers; status != 200 {
			t.Errorf("answered %d", status)
		}
	}
}

// What is under way at SIGTERM is answered, and then the process ends well,
// within the time that the platform gives it.
func answersBeforeItEnds(t *testing.T, binary string) {
	for name, test := range map[string]struct {
		open   bool // the destination takes the delivery, later
		status int
	}{
		"a slow destination":          {true, 200},
		"a destination that hangs":    {false, 503},
		"no request at all to answer": {},
	} {
		t.Run(name, func(t *testing.T) {
			if test.status == 503 && testing.Short() {
				t.Skip("takes 6 seconds")
			}
			t.Parallel()
			g := newGate(t)
			p := start(t, binary, g.environment())
			answers := make(chan int, 1)
			if test.status != 0 {
				go func() {
					status, _ := p.send(t, "{}")
					answers <- status
				}()
				<-g.holds
			}
			began := time.Now()
			p.terminate(t)
			if test.open {
				if status, _ := p.send(t, ""); status != 400 { // what still comes is answered, too
					t.Errorf("during the stop: %d", status)
				}
				close(g.opened)
			}
			<-p.ended
			if took := time.Since(began); p.ProcessState.ExitCode() != 0 || took > 8*time.Second {
				t.Errorf("ended with %s after %s", p.ProcessState, took)
			}
			if test.status != 0 {
				if status := <-answers; status != test.status {
					t.Errorf("answered %d, want %d", status, test.status)
				}
			}
		})
	}
}

// The program for this machine serves the same function.
func servesHere(t *testing.T, source string) {
	binary := compile(t, source, "./gcp/function/serve")
	t.Run("conforms", func(t *testing.T) {
		destination := conformance.NewDestination(t)
		p := start(t, binary, conformance.Environment(destination.URL))
		conformance.Run(t, conformance.Cases(), conformance.Platform{
			Do:    conformance.HTTP(p.address, "/"),
			Taken: destination.Taken,
		})
		p.stop(t)
	})
	t.Run("half a header", func(t *testing.T) {
		if testing.Short() {
			t.Skip("takes 10 seconds")
		}
		t.Parallel()
		p := start(t, binary, map[string]string{"LABELBOX_WEBHOOK_SECRET": "secret"})
		connection, err := net.Dial("tcp", p.address)
		required.NoError(t, err)
		defer connection.Close()
		connection.SetDeadline(time.Now().Add(20 * time.Second))
		fmt.Fprint(connection, "POST / HTTP/1.1\r\nHost: x\r\nX-Hub-Sig")
		if answer, err := io.ReadAll(connection); err != nil {
			t.Errorf("got %q and then not the end of the connection: %v", answer, err)
		}
	})
}

// A root file of one's own has its own handler and only the destinations it
// imports.
func TestFunctionOfOnesOwn(t *testing.T) {
	binary := build(t, stage(t, "testdata/own.go"))
	linked := run(t, ".", "go", "version", "-m", binary)
	for _, left := range []string{"google.golang.org/api", "google.golang.org/grpc", "cloud.google.com/go/pubsub"} {
		if strings.Contains(linked, left+"\t") || strings.Contains(linked, left+"/v2\t") {
			t.Errorf("%s is linked", left)
		}
	}
	destination := conformance.NewDestination(t)
	variables := conformance.Environment(destination.URL)
	delete(variables, "LABELHOOK_EVENTS")
	p := start(t, binary, variables)
	status, answer := p.send(t, `{"modelId":"m","modelRunId":"r","modelType":"t"}`)
	if taken := destination.Taken(t); status != 200 || !strings.Contains(answer, "model_run.started") || len(taken) != 1 || !bytes.Contains(taken[0].Body, []byte("modelRunId")) {
		t.Errorf("answered %d %s; taken %v", status, answer, taken)
	}
	p.stop(t)
	log := p.lines(t)
	own := slices.IndexFunc(log, func(l map[string]any) bool { return l["message"] == "model run" })
	if len(log) != 2 || own < 0 || log[own]["id"] != "r" || log[own]["severity"] != "INFO" || log[own]["logging.googleapis.com/labels"] == nil {
		t.Errorf("logged %v", log)
	}
	if last := log[len(log)-1]; !reflect.DeepEqual(last["destinations"], []any{"handler", destination.URL}) {
		t.Errorf("destinations %v", last["destinations"])
	}
}
