package conformance

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core/payload"
)

// Answer is what a platform answered. Header has canonical names.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Platform is what differs from one artefact under test to the next.
type Platform struct {
	// Do sends one request and returns the answer. It ends the test if there
	// is none.
	Do func(t testing.TB, c Case) Answer

	// Taken returns what the destination got since the last call: by the time
	// of the answer, all that it ever will. A destination that keeps no
	// duplicates returns a redelivery once. [Destination.Taken] is one; another
	// destination must refuse what that refuses, or the platform deviates.
	Taken func(t testing.TB) []Taken

	// Deviations are the cases that the platform's host changes, by name.
	Deviations map[string]Deviation
}

// Deviation says what a host does to a case.
type Deviation struct {
	Reason string   // why the host makes a difference
	Want   *Verdict // the verdict there; nil if the request cannot be made or never arrives
}

// Run runs each case as a subtest, in order.
func Run(t *testing.T, cases []Case, p Platform) {
	names := map[string]bool{}
	for _, c := range cases {
		names[c.Name] = true
	}
	for name, d := range p.Deviations {
		if !names[name] {
			t.Errorf("a deviation from %q, but there is no such case", name)
		}
		if d.Reason == "" {
			t.Errorf("the deviation from %q gives no reason", name)
		}
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			if d, found := p.Deviations[c.Name]; found {
				if d.Want == nil {
					t.Skip(d.Reason)
				}
				c.Want = *d.Want
			}
			for _, problem := range p.try(t, c) {
				t.Error(problem)
			}
		})
	}
}

// try says what is wrong with the platform's answers to a case.
func (p Platform) try(t testing.TB, c Case) (problems []string) {
	for range max(1, c.Times) {
		problems = append(problems, c.Want.misanswered(c, p.Do(t, c))...)
	}
	return append(problems, c.Want.misdelivered(c, p.Taken(t))...)
}

// misanswered compares an answer with the verdict.
func (want Verdict) misanswered(c Case, got Answer) (problems []string) {
	complain := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if got.Status != want.Status {
		complain("status %d, want %d", got.Status, want.Status)
	}
	for _, f := range want.Header {
		if value := got.Header.Get(f.Name); value == "" || f.Value != "" && value != f.Value {
			complain("header %s is %q, want %q", f.Name, value, f.Value)
		}
	}
	if seconds := got.Header.Get("Retry-After"); seconds != "" {
		if n, err := strconv.Atoi(seconds); err != nil || n < 1 {
			complain("Retry-After is %q, want seconds", seconds)
		}
	}
	if c.Method == "HEAD" {
		return problems // whose answer has no body
	}
	contentType := "application/json"
	if want.Status != 200 {
		contentType = "application/problem+json"
	}
	if value := got.Header.Get("Content-Type"); value != contentType {
		complain("Content-Type is %q, want %s", value, contentType)
	}
	// One struct for both forms: "status" is the word or the number.
	var body struct {
		Status                         any
		ID, Event, Code, Title, Detail string
	}
	if err := json.Unmarshal(got.Body, &body); err != nil {
		complain("the body %q is not JSON: %v", got.Body, err)
		return problems
	}
	if want.Status == 200 {
		if body.Status != string(want.Code) || body.Event != string(want.Event) || body.ID != want.id(c) {
			complain("answered %s, want %s, %s, id %s", bytes.TrimSpace(got.Body), want.Code, want.Event, want.id(c))
		}
		return problems
	}
	if body.Code != string(want.Code) || body.Status != float64(want.Status) || body.Title == "" || body.Detail == "" {
		complain("answered %s, want code %s", bytes.TrimSpace(got.Body), want.Code)
	}
	for _, secret := range []string{Secret, PreviousSecret, digest(c.Body, Secret), digest(c.Body, PreviousSecret)} {
		if bytes.Contains(got.Body, []byte(secret)) {
			complain("the answer tells %q", secret)
		}
	}
	return problems
}

// misdelivered compares what the destination got with the verdict.
func (want Verdict) misdelivered(c Case, taken []Taken) (problems []string) {
	complain := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	switch n := len(taken); {
	case want.Code != Accepted && n > 0:
		complain("%d deliveries reached the destination, want none", n)
	case want.Code == Accepted && (n == 0 || n > max(1, c.Times)):
		complain("%d deliveries reached the destination, of %d sent", n, max(1, c.Times))
	}
	for _, d := range taken {
		if !bytes.Equal(d.Body, c.Body) {
			complain("delivered %q, want %q", abridge(d.Body), abridge(c.Body))
		}
		if d.DeadLetter != bytes.Contains(c.Body, []byte(refused)) {
			complain("delivered to the dead letter: %v", d.DeadLetter)
		}
		if d.Attributes == nil {
			continue
		}
		for name, value := range map[string]string{
			"specversion":       "1.0",
			"id":                want.id(c),
			"type":              "com.labelbox." + string(want.Event),
			"labelboxversion":   string(want.Version),
			"labelboxkey":       want.key(c),
			"labelboxsignature": c.first("X-Hub-Signature"),
		} {
			if got := d.Attributes[name]; got != value {
				complain("delivered with %s %q, want %q", name, got, value)
			}
		}
	}
	return problems
}

// abridge keeps a body printable in a message.
func abridge(body []byte) []byte { return body[:min(len(body), 200)] }

// id is what the delivery is called: by its sender, or else by its content.
func (want Verdict) id(c Case) string {
	if id := c.first("X-Labelbox-Id"); id != "" {
		return id
	}
	return want.key(c)
}

// key is the definition of [core.Delivery.Key] once more, not the code.
func (want Verdict) key(c Case) string {
	name := string(want.Event)
	if header := c.first("X-Labelbox-Event"); want.Event == payload.Unknown && header != "" {
		name = header // the body does not say
		if event, known := payload.ParseEvent(header); known {
			name = string(event)
		}
	}
	sum := sha256.Sum256(append([]byte(name+"\n"), c.Body...))
	return hex.EncodeToString(sum[:16])
}

// first returns the first value of a header field, as HTTP has it: without the
// white space around it.
func (c Case) first(name string) string {
	for _, f := range c.Header {
		if strings.EqualFold(f.Name, name) {
			return strings.TrimSpace(f.Value)
		}
	}
	return ""
}
