package labelbox_test

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labelhook/labelhook/internal/labelboxfake"
	"github.com/labelhook/labelhook/labelbox"
)

func TestListsAreComplete(t *testing.T) {
	for n, requests := range map[int]int{0: 1, 1: 1, 99: 1, 100: 2, 101: 2, 250: 3} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			api := withProject()
			var want []string
			for i := range n {
				status := []string{"ACTIVE", "INACTIVE", "REVOKED"}[i%3]
				want = append(want, api.AddWebhook(labelboxfake.Webhook{ProjectID: "p1", Status: status}))
			}
			api.AddWebhook(labelboxfake.Webhook{ProjectID: "p2"})
			client := connect(t, api)
			if got, err := listed(client.ProjectWebhooks(t.Context(), "p1")); err != nil || !slices.Equal(got, want) {
				t.Errorf("listed %d, %v, want %d", len(got), err, len(want))
			}
			if s := sent(api)["project"]; s != requests {
				t.Errorf("sent %d requests, want %d", s, requests)
			}
			if all, err := listed(client.OrganizationWebhooks(t.Context())); err != nil || len(all) != n+1 {
				t.Errorf("listed %d of the organisation, %v, want %d", len(all), err, n+1)
			}
		})
	}
}

// listed reads a list to its end, and returns the ids and the error that ends it.
func listed(list iter.Seq2[labelbox.Webhook, error]) (ids []string, failed error) {
	for w, err := range list {
		if err != nil {
			failed = err
			continue
		}
		ids = append(ids, w.ID)
	}
	return ids, failed
}

func TestListReadsNoFurtherThanAsked(t *testing.T) {
	api := labelboxfake.New(apiKey)
	for range 250 {
		api.AddWebhook(labelboxfake.Webhook{})
	}
	for _, err := range connect(t, api).OrganizationWebhooks(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	if n := len(api.Requests()); n != 1 {
		t.Errorf("sent %d requests for one webhook", n)
	}
}

// TestListGivesNoneTwice registers a webhook, which a server may put in front
// of the others, between two pages.
func TestListGivesNoneTwice(t *testing.T) {
	page := func(ids ...int) string {
		var rows []string
		for _, id := range ids {
			rows = append(rows, fmt.Sprintf(`{"id":"w%d","topics":null}`, id))
		}
		return `{"data":{"organization":{"webhooks":[` + strings.Join(rows, ",") + `]}}}`
	}
	count := func(from, n int) []int {
		var ids []int
		for i := range n {
			ids = append(ids, from+i)
		}
		return ids
	}
	full := page(count(0, 100)...)
	for name, test := range map[string]struct {
		answers []string
		want    int
		fails   error
	}{
		"but goes on":                       {[]string{full, page(count(99, 3)...)}, 102, nil},
		"but stops where nothing new comes": {[]string{full, full, full}, 100, labelbox.ErrUnexpected},
		"null is no list":                   {[]string{`{"data":{"organization":{"webhooks":null}}}`}, 0, labelbox.ErrUnexpected},
		"null is no webhook":                {[]string{`{"data":{"organization":{"webhooks":[null]}}}`}, 0, labelbox.ErrUnexpected},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := listed(connect(t, answering(test.answers...)).OrganizationWebhooks(t.Context()))
			if len(got) != test.want || !errors.Is(err, test.fails) {
				t.Errorf("listed %d, %v", len(got), err)
			}
		})
	}
}

// answering is a server that gives the answers in turn.
func answering(bodies ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if len(bodies) == 0 {
			panic(http.ErrAbortHandler)
		}
		io.WriteString(w, bodies[0])
		bodies = bodies[1:]
	}
}

func TestListsEndWithTheirError(t *testing.T) {
	client := connect(t, labelboxfake.New(apiKey))
	for id, kind := range map[string]error{"nope": labelbox.ErrNotFound, "": labelbox.ErrInvalid, "<project_id>": labelbox.ErrInvalid} {
		rounds := 0
		for w, err := range client.ProjectWebhooks(t.Context(), id) {
			if rounds++; !errors.Is(err, kind) || w.ID != "" {
				t.Errorf("%q: got %v, %v", id, w, err)
			}
		}
		if rounds != 1 {
			t.Errorf("%q: %d rounds", id, rounds)
		}
	}
}

func TestWebhookIsReadAsItIs(t *testing.T) {
	api := labelboxfake.New(apiKey)
	api.AddWebhook(labelboxfake.Webhook{ID: "wh1", URL: "https:/one-slash", Status: "REVOKED",
		Topics:    []string{"REVIEW_UPDATED", "LABEL_CREATED"},
		CreatedAt: "2022-03-04T05:06:07.890Z", UpdatedAt: "2022-03-04T05:06:07Z"})
	w, err := connect(t, api).Webhook(t.Context(), "wh1")
	if err != nil {
		t.Fatal(err)
	}
	if w.URL != "https:/one-slash" || w.Status != labelbox.Revoked || fmt.Sprint(w.Topics) != "[REVIEW_UPDATED LABEL_CREATED]" ||
		!w.Topics[0].Retired() || w.Topics[1].Retired() {
		t.Errorf("got %+v", w)
	}
	if got := w.CreatedAt.Format(time.RFC3339Nano) + " " + w.UpdatedAt.Format(time.RFC3339Nano); got != "2022-03-04T05:06:07.89Z 2022-03-04T05:06:07Z" {
		t.Errorf("dates %s", got)
	}
}

func TestDatesThatAreNoneAreZero(t *testing.T) {
	for _, date := range []string{`null`, `""`, `"yesterday"`, `17`, `{}`, `"2022-03-04"`, `"9999-12-31T23:59:59-01:00"`, `"0000-06-15T00:00:00Z"`} {
		client := connect(t, answering(`{"data":{"webhook":{"id":"wh1","createdAt":`+date+`,"more":[1]}}}`))
		w, err := client.Webhook(t.Context(), "wh1")
		if err != nil || !w.CreatedAt.IsZero() {
			t.Errorf("%s: got %v, %v", date, w.CreatedAt, err)
		}
	}
}

func TestWebhookProject(t *testing.T) {
	api := withProject()
	api.AddWebhook(labelboxfake.Webhook{ID: "of-p1", ProjectID: "p1"})
	api.AddWebhook(labelboxfake.Webhook{ID: "of-all"})
	client := connect(t, api)
	if p, err := client.WebhookProject(t.Context(), "of-p1"); err != nil || p == nil || *p != (labelbox.Project{ID: "p1", Name: "Cats"}) {
		t.Errorf("got %v, %v", p, err)
	}
	if p, err := client.WebhookProject(t.Context(), "of-all"); err != nil || p != nil {
		t.Errorf("got %v, %v", p, err)
	}
	if _, err := client.WebhookProject(t.Context(), "nope"); !errors.Is(err, labelbox.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}
