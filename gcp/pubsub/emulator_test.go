package pubsub_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/gcp/pubsub"
	"github.com/labelhook/labelhook/internal/samples"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/required"
)

// emulator is Google's own Pub/Sub emulator, a part of gcloud, on loopback.
type emulator struct {
	t       *testing.T
	address string
}

// startEmulator returns once the emulator listens.
func startEmulator(t *testing.T) *emulator {
	gcloud := required.Program(t, "gcloud", "https://cloud.google.com/sdk/docs/install")
	java := required.Program(t, "java", "apt-get install default-jre-headless")
	root, err := exec.Command(gcloud, "info", "--format=value(installation.sdk_root)").Output()
	if err != nil {
		t.Fatal(err)
	}
	pattern := filepath.Join(strings.TrimSpace(string(root)), "platform", "pubsub-emulator", "lib", "cloud-pubsub-emulator-*.jar")
	jars, err := filepath.Glob(pattern)
	if err != nil || len(jars) == 0 {
		required.Missing(t, "the Pub/Sub emulator", "gcloud components install pubsub-emulator, or apt-get install google-cloud-cli-pubsub-emulator")
	}

	free, err := net.Listen("tcp", "127.0.0.1:0") // the emulator does not say which port it chose
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	cmd := exec.Command(java, "-jar", jars[0], "--host="+host, "--port="+port)
	output, write := io.Pipe()
	cmd.Stdout, cmd.Stderr = write, write
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
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

// message is a published message.
type message struct {
	Data       []byte            `json:"data"` // in base64, which encoding/json undoes
	Attributes map[string]string `json:"attributes"`
}

// pull takes n messages from a subscription.
func (e *emulator) pull(subscription string, n int) []message {
	e.t.Helper()
	var messages []message
	for len(messages) < n {
		var out struct {
			ReceivedMessages []struct {
				AckID   string  `json:"ackId"`
				Message message `json:"message"`
			} `json:"receivedMessages"`
		}
		e.call("POST", "subscriptions/"+subscription+":pull", map[string]any{"maxMessages": n}, &out)
		var ids []string
		for _, m := range out.ReceivedMessages {
			messages, ids = append(messages, m.Message), append(ids, m.AckID)
		}
		if len(ids) > 0 {
			e.call("POST", "subscriptions/"+subscription+":acknowledge", map[string]any{"ackIds": ids}, nil)
		}
	}
	return messages
}

// Google's own emulator is stricter than pstest: it checks names, and knows no
// client but through the wire.
func TestEmulator(t *testing.T) {
	e := startEmulator(t)
	t.Setenv(pubsub.EmulatorVariable, e.address)
	e.call("PUT", "topics/labels", map[string]any{}, nil)
	e.call("PUT", "subscriptions/labels", map[string]any{"topic": "projects/acme-ml/topics/labels"}, nil)

	t.Run("bytes and attributes arrive exactly", func(t *testing.T) {
		topic := openTopic(t, "pubsub://acme-ml/labels")
		want := map[string]message{}
		for i, s := range samples.All() {
			d := received(fmt.Sprint("delivery-", i), s)
			attributes := map[string]string{"Content-Type": d.ContentType}
			for _, a := range d.Attributes() {
				attributes["ce-"+a.Name] = a.Value
			}
			want[d.ID] = message{d.Body, attributes}
			if err := topic.Handle(t.Context(), d); err != nil {
				t.Fatalf("%s: %v", s.Name, err)
			}
		}
		for _, got := range e.pull("labels", len(want)) {
			id := got.Attributes["ce-id"]
			if expected := want[id]; !bytes.Equal(got.Data, expected.Data) || !maps.Equal(got.Attributes, expected.Attributes) {
				t.Errorf("%q: %d bytes and %v, want %d and %v", id, len(got.Data), got.Attributes, len(expected.Data), expected.Attributes)
			}
			delete(want, id)
		}
		if len(want) > 0 {
			t.Errorf("%d deliveries did not arrive", len(want))
		}
	})
	t.Run("a missing topic is a failure for now, because somebody may make it", func(t *testing.T) {
		err := openTopic(t, "pubsub://acme-ml/missing").Handle(t.Context(), received("delivery", samples.All()[0]))
		if err == nil || core.IsPermanent(err) {
			t.Errorf("error %v", err)
		}
	})
}

// received is a sample as the receiver would hand it on.
func received(id string, s samples.Sample) *core.Delivery {
	return core.Identify(http.Header{
		core.IDHeader:        {id},
		core.EventHeader:     {s.Header},
		core.SignatureHeader: {destinationtest.Signature},
		"Content-Type":       {"application/json; charset=utf-8"},
	}, s.Body())
}
