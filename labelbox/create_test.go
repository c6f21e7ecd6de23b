package labelbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labelhook/labelhook/internal/labelboxfake"
	"github.com/labelhook/labelhook/labelbox"
)

func quoteJSON(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// on makes a fault happen to a certain request only.
func on(field string, f labelboxfake.Fault) labelboxfake.Fault {
	f.On = field
	return f
}

// applied makes a fault happen after the request was carried out.
func applied(f labelboxfake.Fault) labelboxfake.Fault {
	f.Apply = true
	return f
}

func TestCreatedWebhookIsReturned(t *testing.T) {
	for name, project := range map[string]string{"of a project": "p1", "of the organisation": ""} {
		t.Run(name, func(t *testing.T) {
			api := withProject()
			w := newWebhook(project)
			w.Secret = secret + "\r\n"
			created, err := connect(t, api).CreateWebhook(t.Context(), w)
			if err != nil || created.AnswerLost != nil {
				t.Fatal(err, created.AnswerLost)
			}
			registered := api.Webhooks()[0]
			if registered.Secret != secret || registered.ProjectID != project {
				t.Errorf("registered %+v", registered)
			}
			if created.ID != registered.ID || created.URL != hook || created.Status != labelbox.Active || created.CreatedAt.IsZero() ||
				fmt.Sprint(created.Topics) != "[LABEL_UPDATED LABEL_CREATED]" {
				t.Errorf("returned %+v", created)
			}
		})
	}
}

// TestCreationWhoseAnswerIsLost is about creations that happened, or did not,
// without an answer that says so. Whatever the failure, the creation is sent
// once.
func TestCreationWhoseAnswerIsLost(t *testing.T) {
	truncated := applied(labelboxfake.Fault{Status: 200, Body: `{"data":{"createWebh`})
	partly := applied(labelboxfake.Fault{Status: 200, Body: `{"data":{"createWebhook":{"id":"x"}},"errors":[{"message":"No","extensions":{"code":"AUTHORIZATION_ERROR"}}]}`})
	for name, test := range map[string]struct {
		fault labelboxfake.Fault
		kind  error
		found bool
	}{
		"connection lost behind it":   {labelboxfake.AnswerDropped(), labelbox.ErrTransport, true},
		"connection lost before it":   {labelboxfake.Dropped(), labelbox.ErrTransport, false},
		"a timeout":                   {labelboxfake.Slow(time.Hour), labelbox.ErrTransport, true},
		"502 behind it":               {applied(labelboxfake.BadGateway()), labelbox.ErrServer, true},
		"502 before it":               {labelboxfake.BadGateway(), labelbox.ErrServer, false},
		"503 behind it":               {applied(labelboxfake.Unavailable()), labelbox.ErrServer, true},
		"an internal error behind it": {applied(labelboxfake.Reported("INTERNAL_SERVER_ERROR", "Boom", 0)), labelbox.ErrServer, true},
		"an answer cut short":         {truncated, labelbox.ErrUnexpected, true},
		"an error beside the result":  {partly, labelbox.ErrAuthorization, true},
	} {
		for _, project := range []string{"p1", ""} {
			inBubble(t, name+" "+project, func(t *testing.T) {
				api := withProject()
				// Twins that were there before, each as good a match.
				api.AddWebhook(labelboxfake.Webhook{ProjectID: "p1", URL: hook, Topics: []string{"LABEL_CREATED", "LABEL_UPDATED"}})
				api.AddWebhook(labelboxfake.Webhook{URL: hook, Topics: []string{"LABEL_CREATED", "LABEL_UPDATED"}})
				api.Fail(on("createWebhook", test.fault))
				created, err := connect(t, api).CreateWebhook(t.Context(), newWebhook(project))
				if n := sent(api)["createWebhook"]; n != 1 {
					t.Errorf("the creation was sent %d times", n)
				}
				if !test.found {
					var unknown *labelbox.OutcomeUnknownError
					if !errors.As(err, &unknown) || !errors.Is(err, labelbox.ErrOutcomeUnknown) || !errors.Is(err, test.kind) ||
						len(unknown.Found) != 0 || unknown.Search != nil || len(api.Webhooks()) != 2 {
						t.Errorf("got %v, want that nobody knows, because of %q", err, test.kind)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				all := api.Webhooks()
				if len(all) != 3 || created.ID != all[2].ID || !errors.Is(created.AnswerLost, test.kind) {
					t.Errorf("of %d returned %+v", len(all), created)
				}
			})
		}
	}
}

// TestCreationWhoseConnectionIsCut is the same over a real connection.
func TestCreationWhoseConnectionIsCut(t *testing.T) {
	api := withProject()
	api.Fail(on("createWebhook", labelboxfake.AnswerDropped()))
	created, err := served(t, api).CreateWebhook(t.Context(), newWebhook("p1"))
	if err != nil || !errors.Is(created.AnswerLost, labelbox.ErrTransport) {
		t.Fatal(err, created.AnswerLost)
	}
	if all := api.Webhooks(); len(all) != 1 || all[0].ID != created.ID {
		t.Errorf("registered %v, want only the one returned", all)
	}
}

func TestCreationAppearingLateIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := withProject()
		api.Fail(on("createWebhook", labelboxfake.Dropped()))
		time.AfterFunc(time.Second, func() {
			api.AddWebhook(labelboxfake.Webhook{ID: "late", ProjectID: "p1", URL: hook, Topics: []string{"LABEL_UPDATED", "LABEL_CREATED"}})
		})
		created, err := connect(t, api).CreateWebhook(t.Context(), newWebhook("p1"))
		if err != nil || created.ID != "late" {
			t.Errorf("got %+v, %v", created, err)
		}
	})
}

// TestNothingIsTakenForTheCreatedWebhookThatDiffers registers, while the
// creation is under way, webhooks of somebody else.
func TestNothingIsTakenForTheCreatedWebhookThatDiffers(t *testing.T) {
	with := func(change func(*labelboxfake.Webhook)) []labelboxfake.Webhook {
		w := labelboxfake.Webhook{ProjectID: "p1", URL: hook, Topics: []string{"LABEL_CREATED", "LABEL_UPDATED"}}
		change(&w)
		return []labelboxfake.Webhook{w}
	}
	same := with(func(*labelboxfake.Webhook) {})
	for name, test := range map[string]struct {
		others  []labelboxfake.Webhook
		project string
		found   int
	}{
		"URL":                           {with(func(w *labelboxfake.Webhook) { w.URL += "2" }), "p1", 0},
		"topics":                        {with(func(w *labelboxfake.Webhook) { w.Topics = w.Topics[:1] }), "p1", 0},
		"status":                        {with(func(w *labelboxfake.Webhook) { w.Status = "INACTIVE" }), "p1", 0},
		"project":                       {with(func(w *labelboxfake.Webhook) { w.ProjectID = "p2" }), "p1", 0},
		"owner":                         {with(func(w *labelboxfake.Webhook) { w.ProjectID = "" }), "p1", 0},
		"project, for the organisation": {same, "", 0},
		"nothing, twice":                {append(same, same...), "p1", 2},
	} {
		inBubble(t, name, func(t *testing.T) {
			_, err := connectWhile(t, withProject(), test.others...).CreateWebhook(t.Context(), newWebhook(test.project))
			var unknown *labelbox.OutcomeUnknownError
			if !errors.As(err, &unknown) || !errors.Is(err, labelbox.ErrOutcomeUnknown) || len(unknown.Found) != test.found ||
				test.found > 0 && !strings.Contains(err.Error(), fmt.Sprintf("%d new ones look like it", test.found)) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// connectWhile is connect to an API that loses the next creation, and where
// somebody else registers webhooks in that moment.
func connectWhile(t *testing.T, api *labelboxfake.API, others ...labelboxfake.Webhook) *labelbox.Client {
	api.Fail(on("createWebhook", labelboxfake.Dropped()))
	return connect(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if lost := recover(); lost != nil {
				for _, webhook := range others {
					api.AddWebhook(webhook)
				}
				panic(lost)
			}
		}()
		api.ServeHTTP(w, r)
	}))
}

func TestCreationIsRepeatedOnlyWhereItWasRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := withProject()
		api.Fail(on("createWebhook", labelboxfake.TooManyRequests("1")), on("createWebhook", labelboxfake.TooManyRequestsInText("")))
		created, err := connect(t, api).CreateWebhook(t.Context(), newWebhook("p1"))
		if all := api.Webhooks(); err != nil || len(all) != 1 || created.ID != all[0].ID || created.AnswerLost != nil {
			t.Errorf("got %+v, %v, of %d", created, err, len(all))
		}
	})
}

func TestCreationIsNotSentWhenWhatThereIsCannotBeRead(t *testing.T) {
	api := labelboxfake.New(apiKey)
	_, err := connect(t, api).CreateWebhook(t.Context(), newWebhook("no-such-project"))
	if !errors.Is(err, labelbox.ErrNotFound) || !strings.HasPrefix(err.Error(), "create webhook") || sent(api)["createWebhook"] != 0 {
		t.Errorf("got %v after %v", err, sent(api))
	}
}

func TestKeyThatMayCreateButNotList(t *testing.T) {
	api := withProject()
	forbidden := on("project", labelboxfake.Reported("AUTHORIZATION_ERROR", "You may not list", 0))
	api.Fail(forbidden)
	if _, err := connect(t, api).CreateWebhook(t.Context(), newWebhook("p1")); err != nil || len(api.Webhooks()) != 1 {
		t.Errorf("got %v, %d webhooks", err, len(api.Webhooks()))
	}
	api.Fail(forbidden, on("createWebhook", labelboxfake.AnswerDropped()))
	_, err := connect(t, api).CreateWebhook(t.Context(), newWebhook("p1"))
	if !errors.Is(err, labelbox.ErrOutcomeUnknown) || !strings.Contains(err.Error(), "You may not list") {
		t.Errorf("got %v, want no search", err)
	}
}

func TestCreationInterruptedIsOfUnknownOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := withProject()
		api.Fail(on("createWebhook", labelboxfake.Slow(time.Hour)))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err := connect(t, api).CreateWebhook(ctx, newWebhook("p1"))
		if !errors.Is(err, labelbox.ErrOutcomeUnknown) || !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v", err)
		}
	})
}

func TestWhatIsWrongIsRefusedBeforeAnythingIsSent(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*labelbox.NewWebhook)
		says   string
	}{
		"no URL":                      {func(w *labelbox.NewWebhook) { w.URL = "" }, "the URL is empty"},
		"the snippet's URL":           {func(w *labelbox.NewWebhook) { w.URL = "public_url" }, "the URL is not one"},
		"the snippet's host":          {func(w *labelbox.NewWebhook) { w.URL = "https://public_url/hook" }, "public_url is a placeholder"},
		"a placeholder":               {func(w *labelbox.NewWebhook) { w.URL = "https://<your-host>/hook" }, "placeholder in brackets"},
		"one slash":                   {func(w *labelbox.NewWebhook) { w.URL = "https:/receiver.acme.dev" }, "with two slashes"},
		"no host":                     {func(w *labelbox.NewWebhook) { w.URL = "https://:443/x" }, "names no host"},
		"http":                        {func(w *labelbox.NewWebhook) { w.URL = "http://receiver.acme.dev/" }, "must be https"},
		"ftp":                         {func(w *labelbox.NewWebhook) { w.URL = "ftp://receiver.acme.dev/" }, "does not begin with https"},
		"loopback":                    {func(w *labelbox.NewWebhook) { w.URL = "http://127.0.0.1:3001/" }, "127.0.0.1 is this machine"},
		"loopback by name":            {func(w *labelbox.NewWebhook) { w.URL = "https://localhost/" }, "localhost is this machine"},
		"loopback below localhost":    {func(w *labelbox.NewWebhook) { w.URL = "https://a.LOCALHOST./" }, "a.LOCALHOST. is this machine"},
		"an unspecified address":      {func(w *labelbox.NewWebhook) { w.URL = "https://[::]:3001/" }, ":: is this machine"},
		"a line break in the URL":     {func(w *labelbox.NewWebhook) { w.URL += "\n" }, "white space"},
		"a broken escape":             {func(w *labelbox.NewWebhook) { w.URL = "https://a.dev/%zz" }, "the URL is not one"},
		"no secret":                   {func(w *labelbox.NewWebhook) { w.Secret = "" }, "the secret is empty"},
		"only a line break":           {func(w *labelbox.NewWebhook) { w.Secret = "\n" }, "the secret is empty"},
		"space around the secret":     {func(w *labelbox.NewWebhook) { w.Secret = " x" }, "begins or ends with white space"},
		"an unresolved reference":     {func(w *labelbox.NewWebhook) { w.Secret = "@Microsoft.KeyVault(SecretUri=x)" }, "unresolved"},
		"bytes that are no text":      {func(w *labelbox.NewWebhook) { w.Secret = "\xff" }, "not valid UTF-8"},
		"no topics":                   {func(w *labelbox.NewWebhook) { w.Topics = nil }, "there are no topics; give some of LABEL_CREATED"},
		"an unknown topic":            {func(w *labelbox.NewWebhook) { w.Topics = []labelbox.Topic{"LABEL_CREATED]}"} }, `there is no topic "LABEL_CREATED]}"`},
		"a retired topic":             {func(w *labelbox.NewWebhook) { w.Topics = []labelbox.Topic{"REVIEW_CREATED"} }, "REVIEW_CREATED is retired"},
		"a topic twice":               {func(w *labelbox.NewWebhook) { w.Topics = append(w.Topics, w.Topics[0]) }, "is there twice"},
		"neither project nor all":     {func(w *labelbox.NewWebhook) { w.ProjectID = "" }, "neither a project nor the whole organisation"},
		"both project and all":        {func(w *labelbox.NewWebhook) { w.WholeOrganization = true }, "choose one"},
		"the snippet's project":       {func(w *labelbox.NewWebhook) { w.ProjectID = "<project_id>" }, "the project id is a placeholder"},
		"a project with a line break": {func(w *labelbox.NewWebhook) { w.ProjectID += "\n" }, "the project id has white space"},
	} {
		t.Run(name, func(t *testing.T) {
			api := labelboxfake.New(apiKey)
			w := newWebhook("p1")
			test.change(&w)
			_, err := connect(t, api).CreateWebhook(t.Context(), w)
			wantRefused(t, api, err, "create webhook: invalid: ", test.says)
		})
	}
}

// wantRefused wants an error, and nothing sent to the API.
func wantRefused(t *testing.T, api *labelboxfake.API, err error, prefix, says string) {
	t.Helper()
	if n := len(api.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
	if !errors.Is(err, labelbox.ErrInvalid) || !strings.HasPrefix(err.Error(), prefix) || !strings.Contains(err.Error(), says) {
		t.Errorf("got %v, want %q and %q", err, prefix, says)
	}
	if err != nil && strings.Contains(err.Error(), "functionkey") {
		t.Errorf("%v repeats the URL's query", err)
	}
}

func TestLoopbackWebhooksNeedAnOption(t *testing.T) {
	for _, url := range []string{"http://127.0.0.1:3001/webhook-endpoint", "http://[::1]/", "http://localhost:1/", "https://127.0.0.1/"} {
		api := withProject()
		w := newWebhook("p1")
		w.URL = url
		if _, err := connect(t, api, labelbox.WithLoopbackWebhooks()).CreateWebhook(t.Context(), w); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	w := newWebhook("p1")
	w.URL = "http://receiver.acme.dev/"
	api := labelboxfake.New(apiKey)
	_, err := connect(t, api, labelbox.WithLoopbackWebhooks()).CreateWebhook(t.Context(), w)
	wantRefused(t, api, err, "create webhook", "must be https")
}

func TestNewWebhookPrintsWithoutItsSecret(t *testing.T) {
	w := newWebhook("p1")
	encoded, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(w), fmt.Sprintf("%+v %#v %v", w, w, &w)} {
		if strings.Contains(text, secret) || strings.Contains(text, "functionkey") || !strings.Contains(text, "receiver.acme.dev") {
			t.Errorf("printed %s", text)
		}
	}
	if strings.Contains(string(encoded), secret) {
		t.Errorf("encoded %s", encoded)
	}
}
