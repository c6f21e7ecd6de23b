package labelboxfake

import (
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/graphql-go/graphql"

	"github.com/labelhook/labelhook/internal/sender"
)

// maxRequest is how much of a request is read, in bytes.
const maxRequest = 1 << 20

// API is a fake of Labelbox's GraphQL API: one organisation, its projects and
// its webhooks. It answers on every path, and may be used from several
// goroutines.
type API struct {
	key    string
	schema graphql.Schema

	mu       sync.Mutex
	projects map[string]string // their names by their ids
	webhooks []*Webhook
	faults   []Fault
	requests []Request
}

// Webhook is a registered webhook, with everything the API itself keeps to
// itself.
type Webhook struct {
	ID        string
	ProjectID string // "" for one of the whole organisation
	URL       string
	Secret    string
	Topics    []string
	Status    string

	CreatedAt, UpdatedAt string // as the API writes them
}

// Request is one request as it came.
type Request struct {
	Header    http.Header
	Document  string
	Variables map[string]any
	Field     string // the first field asked for, such as createWebhook; "" if the document is not GraphQL
}

// New makes an API without projects or webhooks that accepts one API key.
func New(key string) *API {
	a := &API{key: key, projects: map[string]string{}}
	a.schema = a.newSchema()
	return a
}

// AddProject makes a project of that name and returns its id.
func (a *API) AddProject(name string) string {
	id := sender.NewID()
	a.AddProjectWithID(id, name)
	return id
}

// AddProjectWithID makes a project that the payloads of an event name.
func (a *API) AddProjectWithID(id, name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.projects[id] = name
}

// AddWebhook registers a webhook without a request, as one that was there
// before, and returns its id. It is taken as it is, except that an empty id,
// status or date is filled in.
func (a *API) AddWebhook(w Webhook) string { return a.add(w).ID }

func (a *API) add(w Webhook) Webhook {
	now := timestamp()
	w.ID, w.Status = cmp.Or(w.ID, sender.NewID()), cmp.Or(w.Status, "ACTIVE")
	w.CreatedAt, w.UpdatedAt = cmp.Or(w.CreatedAt, now), cmp.Or(w.UpdatedAt, now)
	w.Topics = slices.Clone(w.Topics)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.webhooks = append(a.webhooks, &w)
	return w
}

// Webhooks returns all that are registered, in the order of their creation.
func (a *API) Webhooks() []Webhook {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []Webhook
	for _, w := range a.webhooks {
		row := *w
		row.Topics = slices.Clone(w.Topics)
		all = append(all, row)
	}
	return all
}

// Requests returns all requests that came, in their order, failed ones
// included.
func (a *API) Requests() []Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.requests)
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		write(w, http.StatusRequestEntityTooLarge, map[string]any{"message": "request entity too large"})
		return
	}
	var sent struct {
		Query     string         `json:"query"`
		Variables map[string]any `json:"variables"`
	}
	jsonErr := json.Unmarshal(body, &sent)
	request := Request{r.Header.Clone(), sent.Query, maps.Clone(sent.Variables), firstField(sent.Query)}
	fault := a.record(request)

	status, answer := http.StatusOK, any(nil)
	switch {
	case fault.instead():
	case r.Method != http.MethodPost:
		status, answer = http.StatusMethodNotAllowed, map[string]any{"message": "method not allowed"}
	case r.Header.Get("Authorization") != "Bearer "+a.key:
		status, answer = failed(http.StatusUnauthorized, &apiError{"Invalid API key", "AUTHENTICATION_ERROR", 0})
	case jsonErr != nil:
		status, answer = failed(http.StatusBadRequest, &apiError{"The request is not JSON", "MALFORMED_REQUEST", 0})
	default:
		status, answer = a.execute(sent.Query, sent.Variables)
	}
	if fault.answer(r.Context(), w) {
		return
	}
	write(w, status, answer)
}

// record notes the request and takes the fault that is meant for it.
func (a *API) record(r Request) Fault {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests = append(a.requests, r)
	for i, f := range a.faults {
		if f.On == "" || f.On == r.Field {
			a.faults = slices.Delete(a.faults, i, i+1)
			return f
		}
	}
	return Fault{}
}

func write(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-Request-Id", sender.NewID())
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer) // who hung up does not want to hear of it
}

func timestamp() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000Z") }
