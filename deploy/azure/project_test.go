package azure_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/internal/test/required"
)

// hostFile is what host.json may hold of
// https://github.com/SchemaStore/schemastore/blob/master/src/schemas/json/host.json
// that an app with HTTP functions or a worker has a use for. A key that is not here
// is refused, as the schema refuses those that it does not know.
type hostFile struct {
	Version       string `json:"version"`
	CustomHandler struct {
		Description struct {
			DefaultExecutablePath string   `json:"defaultExecutablePath"`
			Arguments             []string `json:"arguments"`
			WorkingDirectory      string   `json:"workingDirectory"`
		} `json:"description"`
		EnableProxyingHTTPRequest   bool `json:"enableProxyingHttpRequest"`
		EnableForwardingHTTPRequest bool `json:"enableForwardingHttpRequest"`
	} `json:"customHandler"`
	ExtensionBundle struct {
		ID      string `json:"id"`
		Version string `json:"version"`
	} `json:"extensionBundle"`
	Extensions struct {
		HTTP struct {
			RoutePrefix string `json:"routePrefix"`
		} `json:"http"`
		ServiceBus struct {
			MaxConcurrentSessions int `json:"maxConcurrentSessions"`
		} `json:"serviceBus"`
	} `json:"extensions"`
	FunctionTimeout string `json:"functionTimeout"`
	Logging         struct {
		LogLevel            map[string]string `json:"logLevel"`
		ApplicationInsights struct {
			SamplingSettings struct {
				IsEnabled     bool   `json:"isEnabled"`
				ExcludedTypes string `json:"excludedTypes"`
			} `json:"samplingSettings"`
		} `json:"applicationInsights"`
	} `json:"logging"`
}

// functionFile is the same of the schema function.json.
type functionFile struct {
	Disabled bool      `json:"disabled"`
	Bindings []binding `json:"bindings"`
}

type binding struct {
	Type      string   `json:"type"`
	Direction string   `json:"direction"`
	Name      string   `json:"name"`
	AuthLevel string   `json:"authLevel"`
	Methods   []string `json:"methods"`
	Route     string   `json:"route"`

	QueueName         string `json:"queueName"`
	Connection        string `json:"connection"`
	DataType          string `json:"dataType"`
	IsSessionsEnabled bool   `json:"isSessionsEnabled"`
}

// readHost reads host.json by the schema's rules: no unknown keys, types as
// declared, values of the sets that it lists.
func readHost(text []byte) (h hostFile, err error) {
	if err := strict(text, &h); err != nil {
		return h, err
	}
	if h.Version != "2.0" {
		return h, fmt.Errorf("version %q", h.Version)
	}
	if h.CustomHandler.Description.DefaultExecutablePath == "" {
		return h, fmt.Errorf("no defaultExecutablePath")
	}
	var hours, minutes, seconds int
	if n, _ := fmt.Sscanf(h.FunctionTimeout, "%02d:%02d:%02d", &hours, &minutes, &seconds); n != 3 || minutes > 59 || seconds > 59 {
		return h, fmt.Errorf("functionTimeout %q", h.FunctionTimeout)
	}
	for category, level := range h.Logging.LogLevel {
		if !slices.Contains([]string{"Trace", "Debug", "Information", "Warning", "Error", "Critical", "None"}, level) {
			return h, fmt.Errorf("logLevel %s %q", category, level)
		}
	}
	return h, nil
}

// readFunction reads function.json by the schema's rules.
func readFunction(text []byte) (f functionFile, err error) {
	if err := strict(text, &f); err != nil {
		return f, err
	}
	if len(f.Bindings) == 0 {
		return f, fmt.Errorf("no bindings")
	}
	for _, b := range f.Bindings {
		if b.Type == "" || b.Name == "" || !slices.Contains([]string{"in", "out", "inout"}, b.Direction) {
			return f, fmt.Errorf("binding %+v", b)
		}
		if b.Type == "httpTrigger" && !slices.Contains([]string{"anonymous", "function", "admin"}, b.AuthLevel) {
			return f, fmt.Errorf("authLevel %q", b.AuthLevel)
		}
		for _, m := range b.Methods {
			if !slices.Contains([]string{"get", "post", "delete", "head", "patch", "put", "options", "trace"}, m) {
				return f, fmt.Errorf("method %q", m)
			}
		}
	}
	return f, nil
}

func strict(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// mode is how the host will pass requests on: with two flags it depends on the
// host's age, and with other bindings than one trigger and one HTTP output, on
// nothing.
func mode(h hostFile, f functionFile) (newHost, oldHost string) {
	var in, out []string
	for _, b := range f.Bindings {
		if b.Direction == "in" {
			in = append(in, b.Type)
		} else {
			out = append(out, b.Type)
		}
	}
	newHost, oldHost = "envelope", "envelope"
	if slices.Equal(in, []string{"httpTrigger"}) && slices.Equal(out, []string{"http"}) {
		if h.CustomHandler.EnableForwardingHTTPRequest {
			newHost, oldHost = "forwarding", "forwarding"
		}
		if h.CustomHandler.EnableProxyingHTTPRequest {
			newHost = "proxying"
		}
	}
	return newHost, oldHost
}

// check says what is wrong with the two files together.
func check(host, function []byte) error {
	h, err := readHost(host)
	if err != nil {
		return fmt.Errorf("host.json: %w", err)
	}
	f, err := readFunction(function)
	if err != nil {
		return fmt.Errorf("function.json: %w", err)
	}
	if newHost, oldHost := mode(h, f); newHost != "proxying" || oldHost != "forwarding" {
		return fmt.Errorf("requests would come by %s, on hosts before 2025 by %s", newHost, oldHost)
	}
	// func makes only a file of exactly this name executable.
	if path := h.CustomHandler.Description.DefaultExecutablePath; path != "handler" {
		return fmt.Errorf("the executable is called %q", path)
	}
	trigger := f.Bindings[0]
	if h.Extensions.HTTP.RoutePrefix != "api" || trigger.Route != "labelbox" || trigger.AuthLevel != "anonymous" || !slices.Equal(trigger.Methods, []string{"post"}) {
		return fmt.Errorf("the trigger is not POST /api/labelbox for everybody: %+v", trigger)
	}
	// The envelope, for whoever changes the bindings, goes by these names.
	if f.Bindings[0].Name != "req" || f.Bindings[1].Name != "res" {
		return fmt.Errorf("the bindings are called %q and %q", f.Bindings[0].Name, f.Bindings[1].Name)
	}
	return nil
}

func read(t testing.TB, name string) []byte {
	text, err := os.ReadFile(name)
	required.NoError(t, err)
	return text
}

func TestTheHostPassesRequestsOnAsTheyCome(t *testing.T) {
	if err := check(read(t, "host.json"), read(t, "labelbox/function.json")); err != nil {
		t.Error(err)
	}
}

// Each of these changes would be silent in Azure, or as good as.
func TestChangesThatWouldBeSilentAreFound(t *testing.T) {
	host, function := string(read(t, "host.json")), string(read(t, "labelbox/function.json"))
	const lastBinding = `"name": "res"
    }`
	for name, change := range map[string]struct{ file, old, new string }{
		"no proxying flag":          {"host", `"enableProxyingHttpRequest": true,`, ``},
		"proxying turned off":       {"host", `"enableProxyingHttpRequest": true`, `"enableProxyingHttpRequest": false`},
		"proxying as text":          {"host", `"enableProxyingHttpRequest": true`, `"enableProxyingHttpRequest": "true"`},
		"a misspelled flag":         {"host", `enableProxyingHttpRequest`, `enableProxyHttpRequest`},
		"no forwarding flag":        {"host", `true,` + "\n" + `    "enableForwardingHttpRequest": true`, `true`},
		"another executable":        {"host", `"handler"`, `"./handler"`},
		"another prefix":            {"host", `"api"`, `""`},
		"another version":           {"host", `"2.0"`, `"3.0"`},
		"a timeout that is none":    {"host", `"00:01:00"`, `"60"`},
		"a log level that is none":  {"host", `"Information"`, `"Info"`},
		"a second output":           {"function", lastBinding, lastBinding + `, {"type": "queue", "direction": "out", "name": "q"}`},
		"a second input":            {"function", lastBinding, lastBinding + `, {"type": "blob", "direction": "in", "name": "b"}`},
		"no output":                 {"function", `"direction": "out"`, `"direction": "in"`},
		"another output":            {"function", `"type": "http",`, `"type": "queue",`},
		"another trigger":           {"function", `"httpTrigger"`, `"queueTrigger"`},
		"a key is needed":           {"function", `"anonymous"`, `"function"`},
		"a level that is none":      {"function", `"anonymous"`, `"everybody"`},
		"another method":            {"function", `"post"`, `"get"`},
		"one more method":           {"function", `"post"`, `"post", "get"`},
		"a method that is none":     {"function", `"post"`, `"POST "`},
		"another route":             {"function", `"route": "labelbox"`, `"route": "webhook"`},
		"another name for a bond":   {"function", `"req"`, `"request"`},
		"a direction that is none":  {"function", `"out"`, `"output"`},
		"a key that nobody reads":   {"function", `"bindings"`, `"scriptFile": "handler", "bindings"`},
		"no trigger of that object": {"function", `"type": "httpTrigger",`, ``},
	} {
		h, f := host, function
		changed := &h
		if change.file == "function" {
			changed = &f
		}
		*changed = strings.Replace(*changed, change.old, change.new, 1)
		if h == host && f == function {
			t.Errorf("%s: nothing to change", name)
		} else if err := check([]byte(h), []byte(f)); err == nil {
			t.Errorf("%s: not found", name)
		}
	}
}

// The worker's trigger is that of the queue that worker.bicep makes, by the names in the
// settings, and hands bodies over as they are.
func TestTheWorkerTakesFromItsQueue(t *testing.T) {
	h, err := readHost(read(t, "worker/host.json"))
	required.NoError(t, err)
	f, err := readFunction(read(t, "worker/worker/function.json"))
	required.NoError(t, err)
	// A trigger that is not HTTP's is in the bundle, and of two bindings the worker would not know which it is.
	if h.CustomHandler.Description.DefaultExecutablePath != "handler" || h.ExtensionBundle.ID != "Microsoft.Azure.Functions.ExtensionBundle" || h.ExtensionBundle.Version == "" || len(f.Bindings) != 1 {
		t.Errorf("the host has %+v, the function %+v", h, f)
	}
	want := binding{Type: "serviceBusTrigger", Direction: "in", Name: f.Bindings[0].Name, QueueName: "deliveries", Connection: "ServiceBus", DataType: "binary", IsSessionsEnabled: true}
	if !reflect.DeepEqual(f.Bindings[0], want) {
		t.Errorf("the trigger is %+v, want %+v", f.Bindings[0], want)
	}
	template := string(read(t, "worker.bicep"))
	queue := resources(t, template)["queue"]
	for _, want := range []string{"name: '" + f.Bindings[0].QueueName + "'", "requiresSession: true"} {
		if !strings.Contains(queue, want) {
			t.Errorf("the queue has no %s", want)
		}
	}
	if want := f.Bindings[0].Connection + "__fullyQualifiedNamespace: "; !strings.Contains(template, want) {
		t.Errorf("the settings have no %s", want)
	}
}

func TestLocalSettingsRunTheHandlerLocally(t *testing.T) {
	var settings struct {
		IsEncrypted *bool
		Values      map[string]string
	}
	required.NoError(t, strict(read(t, "local.settings.example.json"), &settings))
	if settings.IsEncrypted == nil || *settings.IsEncrypted { // or func takes the values for encrypted
		t.Error("IsEncrypted is not false")
	}
	if names, want := slices.Sorted(maps.Keys(settings.Values)), []string{"AzureWebJobsStorage", "FUNCTIONS_WORKER_RUNTIME", "LABELBOX_WEBHOOK_SECRET", "LABELHOOK_DESTINATIONS"}; !reflect.DeepEqual(names, want) {
		t.Errorf("the settings are %q, want %q", names, want)
	}
	if got := settings.Values["FUNCTIONS_WORKER_RUNTIME"]; got != "custom" {
		t.Errorf("FUNCTIONS_WORKER_RUNTIME is %q", got)
	}
}

// What is not ignored is published.
func TestOnlyTheAppIsPublished(t *testing.T) {
	var ignored []string
	for line := range strings.Lines(string(read(t, ".funcignore"))) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			ignored = append(ignored, line)
		}
	}
	entries, err := os.ReadDir(".")
	required.NoError(t, err)
	var published []string
	for _, e := range entries {
		if !slices.ContainsFunc(append(ignored, ".funcignore"), func(pattern string) bool {
			suffix, isSuffix := strings.CutPrefix(pattern, "*")
			return e.Name() == pattern || isSuffix && strings.HasSuffix(e.Name(), suffix)
		}) && e.Name() != "handler" { // there once it was built
			published = append(published, e.Name())
		}
	}
	if want := []string{"host.json", "labelbox"}; !slices.Equal(published, want) {
		t.Errorf("besides the handler are published %q, want %q", published, want)
	}
}
