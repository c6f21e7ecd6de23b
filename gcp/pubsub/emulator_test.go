package pubsub_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/required"
)

// emulator is Google's own Pub/Sub emulator, a part of gcloud, on loopback.
type emulator struct {
	t       testing.TB
	address string
}

// startEmulator returns once the emulator listens.
func startEmulator(t testing.TB) *emulator {
	gcloud := required.Program(t, "gcloud", "https://cloud.google.com/sdk/docs/install")
	java := required.Program(t, "java", "apt-get install default-jre-headless")
	root, err := exec.Command(gcloud, "info", "--format=value(installation.sdk_root)").Output()
	required.NoError(t, err)
	pattern := filepath.Join(strings.TrimSpace(string(root)), "platform", "pubsub-emulator", "lib", "cloud-pubsub-emulator-*.jar")
	jars, err := filepath.Glob(pattern)
	if err != nil || len(jars) == 0 {
		required.Missing(t, "the Pub/Sub emulator", "gcloud components install pubsub-emulator, or apt-get install google-cloud-cli-pubsub-emulator")
	}

	free, err := net.Listen("tcp", "127.0.0.1:0") // the emulator does not say which port it chose
	required.NoError(t, err)
	host, port, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	cmd := exec.Command(java, "-jar", jars[0], "--host="+host, "--port="+port)
	output, write := io.Pipe()
	cmd.Stdout, cmd.Stderr = write, write
	required.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		write.Close()
		close(ended)
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-ended
	})

	started := make(chan bool)
	go func() {
		lines, found := bufio.NewScanner(output), false
		for lines.Scan() {
			if !found && strings.Contains(lines.Text(), "Server started, listening on "+port) {
				found = true
				started <- true
			}
		}
		close(started)
	}()
	select {
	case ok := <-started:
		if !ok {
			t.Fatal("the emulator ended")
		}
	case <-time.After(time.Minute):
		t.Fatal("the emulator does not start")
	}
	return &emulator{t, host + ":" + port}
}

// call calls the emulator's REST interface, so that the client under test is
// not also what looks at its work.
func (e *emulator) call(method, path string, in, out any) {
	e.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		e.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(e.t.Context(), method, "http://"+e.address+"/v1/projects/acme-ml/"+path, bytes.NewReader(body))
	if err != nil {
		e.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		e.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		e.t.Fatalf("%s %s: %s %v %s", method, path, response.Status, err, answer)
	}
	if out != nil {
		if err := json.Unmarshal(answer, out); err != nil {
			e.t.Fatal(err)
		}
	}
}

// onEmulator is Google's own emulator, which is stricter than its fake: it checks
// names, and knows no client but through the wire.
func onEmulator(t testing.TB) destinationtest.Harness {
	e := startEmulator(t)
	h := harness(t, e.address)
	h.Create = func(_ testing.TB, name string) {
		e.call("PUT", "topics/"+name, map[string]any{}, nil)
		e.call("PUT", "subscriptions/"+name, map[string]any{"topic": "projects/acme-ml/topics/" + name}, nil)
	}
	h.Receive = func(t testing.TB, name string, n int, fetch destination.Fetch) (messages []destinationtest.Message) {
		for len(messages) < n {
			var out struct {
				ReceivedMessages []struct {
					AckID   string
					Message struct {
						Data       []byte // in base64, which encoding/json undoes
						Attributes map[string]string
					}
				}
			}
			e.call("POST", "subscriptions/"+name+":pull", map[string]any{"maxMessages": n}, &out)
			var ids []string
			for _, m := range out.ReceivedMessages {
				messages, ids = append(messages, newMessage(t, m.Message.Attributes, m.Message.Data, fetch)), append(ids, m.AckID)
			}
			if len(ids) > 0 {
				e.call("POST", "subscriptions/"+name+":acknowledge", map[string]any{"ackIds": ids}, nil)
			}
		}
		return messages
	}
	return h
}

func TestOnEmulator(t *testing.T) { destinationtest.Run(t, onEmulator(t)) }
