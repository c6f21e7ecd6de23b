package inspector_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/inbox"
	"github.com/labelhook/labelhook/internal/inspector"
	"github.com/labelhook/labelhook/internal/sender"
	"github.com/labelhook/labelhook/internal/test/required"
	"github.com/labelhook/labelhook/labelhooktest"
	"github.com/labelhook/labelhook/server"
)

// site is a receiver with its page.
type site struct {
	t   testing.TB
	url string // without a path
	box *inbox.Inbox
}

// serve starts a receiver with a page; change changes the page's options, and may
// be nil.
func serve(t testing.TB, change func(*inspector.Options)) *site {
	t.Helper()
	file := filepath.Join(t.TempDir(), "labelhook.db")
	box, err := inbox.Open(file)
	required.NoError(t, err)
	refused, err := inbox.OpenRefusals(file, 100)
	required.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	required.NoError(t, err)
	s := &site{t, "http://" + l.Addr().String(), box}
	ctx, cancel := context.WithCancel(context.Background())
	client := sender.NewClient(1, sender.Timeout, nil)
	o := inspector.Options{
		Inbox: box.Reader, File: file, URL: s.url + server.DefaultPath,
		Send: func(ctx context.Context, r inbox.Record, to string) (sender.Result, error) {
			if to == "" {
				return sender.Result{}, errors.New("write the whole URL")
			}
			header := http.Header{}
			for _, f := range r.Delivery().Header() {
				header.Add(f.Name, f.Value)
			}
			return sender.Do(ctx, client, to, sender.Request{Header: header, Body: r.Body}), nil
		},
		Explain: func(_ context.Context, r inbox.Refusal) (string, error) {
			return "no match: " + string(r.Code) + "\n<b>explained</b>", nil
		},
	}
	if change != nil {
		change(&o)
	}
	silent := slog.New(slog.DiscardHandler)
	served := make(chan error, 1)
	go func() {
		served <- (&server.Server{
			Receiver: &core.Receiver{Secrets: labelhooktest.Secrets(), Handler: box, Observe: core.LogTo(silent)},
			Other:    inspector.New(ctx, o), Logger: silent,
			Refused: func(r *http.Request, body []byte, answer core.Response) {
				refused.Add(inbox.NewRefusal(r, body, answer))
			},
		}).Serve(ctx, l)
	}()
	t.Cleanup(func() {
		cancel()
		for _, err := range []error{<-served, refused.Close(), box.Close()} {
			if err != nil {
				t.Error(err)
			}
		}
	})
	return s
}

// deliver sends a genuine delivery and returns its key.
func (s *site) deliver(event payload.Event, body string) string {
	s.t.Helper()
	request := labelhooktest.Request(labelhooktest.Secret, s.url+server.DefaultPath, event, []byte(body))
	if status, answer := s.do(request); status != 200 {
		s.t.Fatalf("%d %s", status, answer)
	}
	return core.Identify(request.Header, []byte(body)).Key()
}

// forge sends one that is refused, and waits until it is kept.
func (s *site) forge(body string) string {
	s.t.Helper()
	before, err := s.box.Refusals(s.t.Context(), inbox.RefusedQuery{})
	required.NoError(s.t, err)
	request := labelhooktest.Request("another secret", s.url+server.DefaultPath, payload.LabelCreated, []byte(body))
	if status, _ := s.do(request); status != 401 {
		s.t.Fatalf("answered %d", status)
	}
	for {
		list, err := s.box.Refusals(s.t.Context(), inbox.RefusedQuery{})
		required.NoError(s.t, err)
		if len(list) > len(before) {
			return list[0].ID()
		}
	}
}

func (s *site) do(r *http.Request) (status int, body string) {
	s.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	required.NoError(s.t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	required.NoError(s.t, err)
	return answer.StatusCode, string(text)
}

func (s *site) get(path string) (status int, body string) {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodGet, s.url+path, nil)
	required.NoError(s.t, err)
	return s.do(r)
}

func (s *site) post(path string, form url.Values, header http.Header) (status int, body string) {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodPost, s.url+path, strings.NewReader(form.Encode()))
	required.NoError(s.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", s.url)
	for name, values := range header {
		r.Header[name] = values
	}
	return s.do(r)
}

// label is the payload of a label with these objects.
func label(id, objects string) string {
	return `{"data_row":{"id":"row-1","row_data":"https://storage.example/cat.jpg"},"media_attributes":{"width":640,"height":480},
		"projects":{"p1":{"name":"P","labels":[{"id":"` + id + `","label_details":{"created_by":"ann@example.com"},"performance_details":{"seconds_to_create":12.5},
		"annotations":{"objects":[` + objects + `]}}]}}}`
}

const (
	car  = `{"feature_id":"f1","name":"car","color":"#ff0000","bounding_box":{"top":20,"left":10,"height":40,"width":30}}`
	tree = `{"feature_id":"f2","name":"tree","point":{"x":100,"y":200}}`
)
