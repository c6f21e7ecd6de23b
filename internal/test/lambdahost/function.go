package lambdahost

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/labelhook/labelhook/internal/test/required"
)

// Timeout is the time a function has for an event unless told otherwise, as
// long as the template's.
const Timeout = 10 * time.Second

// Function is a running bootstrap. Events may be sent concurrently; they wait
// until it asks for them.
type Function struct {
	Init time.Duration // from the start of the process until it first asked for an event

	command  *exec.Cmd
	server   *http.Server
	log      *os.File // what it writes; a file, because through a pipe it would come later than the answer
	events   chan *invocation
	exited   chan struct{}  // closed when the process has ended
	asked    chan time.Time // when it first asked for an event
	askOnce  sync.Once
	mu       sync.Mutex
	pending  map[string]*invocation
	sequence int
}

// Result is what became of an event: the function's answer, or the error that
// it reported.
type Result struct {
	RequestID string
	Payload   []byte // the answer, or the JSON of the error
	Failed    bool   // whether it is an error
}

type invocation struct {
	event    []byte
	id       string
	deadline time.Time
	result   chan Result
}

// Build compiles a main package for this machine into the file bootstrap, with
// the build tag of the deployed function.
func Build(bootstrap, pkg string) error {
	build := exec.Command("go", "build", "-trimpath", "-tags", "lambda.norpc", "-o", bootstrap, pkg)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", build, err, out)
	}
	return nil
}

// Start runs a bootstrap until the end of the test, with the given variables
// and those that Lambda sets, and waits until it asks for an event. It ends the
// test if it never does.
func Start(t testing.TB, bootstrap string, variables map[string]string) *Function {
	t.Helper()
	f, err := Run(bootstrap, variables)
	required.NoError(t, err)
	t.Cleanup(f.Stop)
	return f
}

// Run is Start without a test. The caller must call Stop.
func Run(bootstrap string, variables map[string]string) (*Function, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &Function{
		events:  make(chan *invocation),
		exited:  make(chan struct{}),
		asked:   make(chan time.Time, 1),
		pending: map[string]*invocation{},
	}
	if f.log, err = os.CreateTemp("", "function-log"); err != nil {
		listener.Close()
		return nil, err
	}
	f.server = &http.Server{Handler: f.api()}
	go f.server.Serve(listener)

	f.command = exec.Command(bootstrap)
	f.command.Env = environment(listener.Addr().String(), variables)
	f.command.Stdout, f.command.Stderr = f.log, f.log
	started := time.Now()
	if err := f.command.Start(); err != nil {
		f.server.Close()
		f.discardLog()
		return nil, err
	}
	go func() {
		f.command.Wait() // a function that ends has failed, whatever its status
		close(f.exited)
	}()
	select {
	case asked := <-f.asked:
		f.Init = asked.Sub(started)
		return f, nil
	case <-f.exited:
		err = errors.New("the function ended before it asked for an event")
	case <-time.After(Timeout):
		err = errors.New("the function did not ask for an event in time")
	}
	err = fmt.Errorf("%w; it logged:\n%s", err, f.Log())
	f.Stop()
	return nil, err
}

// environment is what Lambda sets, and what is given. Nothing else of this
// process's goes to the function but where its temporary files are.
func environment(api string, variables map[string]string) []string {
	all := map[string]string{
		"AWS_LAMBDA_RUNTIME_API":          api,
		"AWS_LAMBDA_FUNCTION_NAME":        "labelhook",
		"AWS_LAMBDA_FUNCTION_VERSION":     "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
		"AWS_REGION":                      "us-east-1",
		"AWS_ACCESS_KEY_ID":               "test",
		"AWS_SECRET_ACCESS_KEY":           "test",
		"AWS_EC2_METADATA_DISABLED":       "true",
		"_HANDLER":                        "bootstrap",
		"TMPDIR":                          os.TempDir(),
	}
	for name, value := range variables {
		all[name] = value
	}
	var environment []string
	for name, value := range all {
		environment = append(environment, name+"="+value)
	}
	return environment
}

// Stop kills the function, ends its API and discards its log.
func (f *Function) Stop() {
	f.command.Process.Kill()
	<-f.exited
	f.server.Close()
	f.discardLog()
}

func (f *Function) discardLog() {
	f.log.Close()
	os.Remove(f.log.Name())
}

// Alive reports whether the process is the one that was started, and runs.
func (f *Function) Alive() bool {
	select {
	case <-f.exited:
		return false
	default:
		return true
	}
}

// Log returns all that the function has written, to standard output or error.
// After an answer it has what was written before the answer.
func (f *Function) Log() string {
	text, err := os.ReadFile(f.log.Name())
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Invoke sends an event with [Timeout] and waits for the result.
func (f *Function) Invoke(event []byte) (Result, error) { return f.InvokeWithin(event, Timeout) }

// InvokeWithin is Invoke with another timeout. An error means that the function
// ended, or went on beyond its deadline, when Lambda would have killed it.
func (f *Function) InvokeWithin(event []byte, timeout time.Duration) (Result, error) {
	f.mu.Lock()
	f.sequence++
	i := &invocation{
		event:    event,
		id:       fmt.Sprintf("8476a536-e9f4-11e8-9739-%012d", f.sequence),
		deadline: time.Now().Add(timeout),
		result:   make(chan Result, 1),
	}
	f.pending[i.id] = i
	f.mu.Unlock()
	over := time.NewTimer(timeout)
	defer over.Stop()
	select {
	case f.events <- i:
	case <-f.exited:
		return Result{}, fmt.Errorf("the function has ended; it logged:\n%s", f.Log())
	case <-over.C:
		return Result{}, errors.New("the function did not ask for this event in time")
	}
	select {
	case result := <-i.result:
		return result, nil
	case <-f.exited:
		return Result{}, fmt.Errorf("the function ended over this event; it logged:\n%s", f.Log())
	case <-over.C:
		return Result{}, fmt.Errorf("the function was still busy at its deadline; it logged:\n%s", f.Log())
	}
}

// api is the Runtime API.
func (f *Function) api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", f.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", func(w http.ResponseWriter, r *http.Request) { f.resolve(w, r, false) })
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", func(w http.ResponseWriter, r *http.Request) { f.resolve(w, r, true) })
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(f.log, r.Body) // its offset is the function's own, so nothing is overwritten
		w.WriteHeader(http.StatusAccepted)
	})
	return mux
}

func (f *Function) next(w http.ResponseWriter, r *http.Request) {
	f.askOnce.Do(func() { f.asked <- time.Now() })
	select {
	case i := <-f.events:
		header := w.Header()
		header.Set("Lambda-Runtime-Aws-Request-Id", i.id)
		header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(i.deadline.UnixMilli(), 10))
		header.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:labelhook")
		header.Set("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1")
		header.Set("Content-Type", "application/json")
		w.Write(i.event)
	case <-r.Context().Done():
	}
}

func (f *Function) resolve(w http.ResponseWriter, r *http.Request, failed bool) {
	payload, err := io.ReadAll(r.Body)
	id := r.PathValue("id")
	f.mu.Lock()
	i := f.pending[id]
	delete(f.pending, id)
	f.mu.Unlock()
	if err != nil || i == nil {
		w.WriteHeader(http.StatusBadRequest) // answered twice, or never sent
		return
	}
	w.WriteHeader(http.StatusAccepted)
	i.result <- Result{id, payload, failed}
}
