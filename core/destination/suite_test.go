package destination_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/required"
)

// key stands for what a URL may hold that nobody else may see.
const key = destinationtest.Secret

func TestFolder(t *testing.T)   { destinationtest.Run(t, folders(t)) }
func TestEndpoint(t *testing.T) { destinationtest.Run(t, endpoints(t)) }
func TestLog(t *testing.T)      { destinationtest.Run(t, logs()) }

func BenchmarkFolder(b *testing.B)   { destinationtest.Bench(b, folders(b)) }
func BenchmarkEndpoint(b *testing.B) { destinationtest.Bench(b, endpoints(b)) }
func BenchmarkLog(b *testing.B)      { destinationtest.Bench(b, logs()) }

func handle(t testing.TB, h core.Handler, d *core.Delivery) {
	t.Helper()
	if err := h.Handle(t.Context(), d); err != nil {
		t.Fatal(err)
	}
}

func folders(t testing.TB) destinationtest.Harness {
	all := t.TempDir()
	return destinationtest.Harness{
		Open: func(t testing.TB, name string) core.Handler { return folder(t, filepath.Join(all, name)) },
		Receive: func(t testing.TB, name string, _ int, _ destination.Fetch) (messages []destinationtest.Message) {
			for _, file := range files(t, filepath.Join(all, name)) {
				body, err := os.ReadFile(filepath.Join(all, name, file))
				if err != nil {
					t.Fatal(err)
				}
				messages = append(messages, destinationtest.Message{Delivery: &core.Delivery{Body: body}})
			}
			return messages
		},
		Once: true,
		Source: func(t testing.TB, name string) core.Handler {
			f, err := destination.OpenFolder(filepath.Join(all, name))
			required.NoError(t, err)
			return f
		},
	}
}

func endpoints(t testing.TB) destinationtest.Harness {
	var mu sync.Mutex
	received := map[string][]destinationtest.Message{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		attributes := map[string]string{}
		for name := range r.Header {
			if strings.HasPrefix(name, "Ce-") {
				attributes[strings.ToLower(name)] = r.Header.Get(name)
			}
		}
		attributes = destinationtest.Decoded(t, attributes)
		attributes["ce-datacontenttype"] = r.Header.Get("Content-Type")
		d, err := destination.FromMessage(attributes, "ce-", body, nil)
		mu.Lock()
		defer mu.Unlock()
		received[r.URL.Path] = append(received[r.URL.Path], destinationtest.NewMessage(t, attributes, "ce-", d, err))
	}))
	t.Cleanup(server.Close)
	at := func(t testing.TB, address string) core.Handler {
		e, err := destination.NewEndpoint(address + "?code=" + key)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	return destinationtest.Harness{
		Open: func(t testing.TB, name string) core.Handler { return at(t, server.URL+"/"+name) },
		Receive: func(_ testing.TB, name string, _ int, _ destination.Fetch) []destinationtest.Message {
			mu.Lock()
			defer mu.Unlock()
			return received["/"+name]
		},
		At:    func(t testing.TB, address string) core.Handler { return at(t, "http://"+address+"/") },
		Exact: true,
	}
}

func logs() destinationtest.Harness {
	written := map[string]*bytes.Buffer{}
	return destinationtest.Harness{
		Open: func(_ testing.TB, name string) core.Handler {
			written[name] = new(bytes.Buffer)
			return destination.NewLog(written[name])
		},
		Receive: func(t testing.TB, name string, _ int, _ destination.Fetch) (messages []destinationtest.Message) {
			for line := range bytes.Lines(written[name].Bytes()) {
				var body struct {
					Data   json.RawMessage
					Base64 []byte `json:"data_base64"`
				}
				attributes := map[string]any{}
				if err := errors.Join(json.Unmarshal(line, &body), json.Unmarshal(line, &attributes)); err != nil {
					t.Fatal(err)
				}
				texts := map[string]string{}
				for name, value := range attributes {
					texts[name], _ = value.(string)
				}
				data := append(body.Base64, body.Data...)
				d, err := destination.FromMessage(texts, "", data, nil)
				if errors.Is(err, core.ErrForeign) { // the key is of the body as it came
					delete(texts, "labelboxkey")
					d, err = destination.FromMessage(texts, "", data, nil)
					texts["labelboxkey"] = attributes["labelboxkey"].(string)
				}
				messages = append(messages, destinationtest.NewMessage(t, texts, "", d, err))
			}
			return messages
		},
		Reprints: true,
		Carried: func(attributes []core.Attribute) []core.Attribute {
			return slices.DeleteFunc(attributes, func(a core.Attribute) bool { return a.Name == "labelboxsignature" })
		},
	}
}
