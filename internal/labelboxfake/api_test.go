package labelboxfake_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/labelboxfake"
	"github.com/labelhook/labelhook/internal/samples"
)

const key = "the key"

// ask sends a document as any client would, and returns status and body.
func ask(t *testing.T, api *labelboxfake.API, document string, variables map[string]any) (int, string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	return post(t, api, key, string(body))
}

func post(t *testing.T, api *labelboxfake.API, key, body string) (int, string) {
	t.Helper()
	r := httptest.NewRequest("POST", "http://api/graphql", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+key)
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	return w.Code, strings.TrimSpace(w.Body.String())
}

const asked = "{createdAt status topics id updatedAt url}"

func TestDocumentsOfLabelboxsOwnClientAreCarriedOut(t *testing.T) {
	api := labelboxfake.New(key)
	api.AddProjectWithID("p1", "Cats")
	api.AddWebhook(labelboxfake.Webhook{ID: "wh1", ProjectID: "p1", URL: "https:/one-slash", Secret: "s",
		Topics: []string{"REVIEW_CREATED"}, CreatedAt: "2022-03-04T05:06:07Z", UpdatedAt: "2022-03-04T05:06:07Z"})
	for name, test := range map[string]struct {
		document  string
		variables map[string]any
		answers   string
	}{
		"create in a project": {document: `mutation CreateWebhookPyApi { createWebhook(data:{project:{id:"p1"}, topics:{set:[LABEL_DELETED LABEL_CREATED]}, url:"https://e.x/h", secret:"secret" })` + asked + ` }`,
			answers: `"topics":["LABEL_DELETED","LABEL_CREATED"]`},
		"create in the organisation": {document: `mutation CreateWebhookPyApi { createWebhook(data:{ topics:{set:[LABEL_CREATED,WORKFLOW_ACTION]}, url:"https://e.x/h", secret:"secret" })` + asked + ` }`,
			answers: `"status":"ACTIVE"`},
		"get project's": {document: `query GetProjectWebhooksPyApi($param_0: ID!){project(where: {id: $param_0}){webhooks(skip: 0 first: 100)` + asked + `}}`,
			variables: map[string]any{"param_0": "p1"}, answers: `"url":"https:/one-slash"`},
		"get organisation's": {document: `query GetOrganizationWebhooksPyApi{organization{webhooks(skip: 0 first: 100)` + asked + `}}`,
			answers: `"createdAt":"2022-03-04T05:06:07Z"`},
		"get webhook's project": {document: `query GetWebhookProjectPyApi($param_0: ID!){webhook(where: {id: $param_0}){project{id name}}}`,
			variables: map[string]any{"param_0": "wh1"}, answers: `{"data":{"webhook":{"project":{"id":"p1","name":"Cats"}}}}`},
		"a webhook itself": {document: `{webhook(where: {id: "wh1"})` + asked + `}`,
			answers: `"topics":["REVIEW_CREATED"]`},
	} {
		t.Run(name, func(t *testing.T) {
			status, got := ask(t, api, test.document, test.variables)
			if status != 200 || !strings.Contains(got, test.answers) || strings.Contains(got, "errors") {
				t.Errorf("got %d %s, want %s", status, got, test.answers)
			}
		})
	}
	t.Run("update, then switch off", func(t *testing.T) {
		ask(t, api, `mutation UpdateWebhookPyApi { updateWebhook(where: {id: "wh1"} data:{topics: {set: [LABEL_DELETED]}, url: "https://e.x/2", status: ACTIVE})`+asked+`}`, nil)
		_, got := ask(t, api, `mutation UpdateWebhookPyApi { updateWebhook(where: {id: "wh1"} data:{status: INACTIVE}){status topics url}}`, nil)
		if want := `{"data":{"updateWebhook":{"status":"INACTIVE","topics":["LABEL_DELETED"],"url":"https://e.x/2"}}}`; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if n := len(api.Webhooks()); n != 3 {
			t.Errorf("%d webhooks, want 3: none ever goes away", n)
		}
	})
}

func TestMistakesAreReported(t *testing.T) {
	create := func(topics, more string) string {
		return `mutation{createWebhook(data:{topics:{set:[` + topics + `]}, url:"https://e.x/h"` + more + `}){id}}`
	}
	for name, test := range map[string]struct {
		document string
		status   int
		code     string
		says     string
	}{
		"an unknown field":      {`{organization{webhooks{bbb}}}`, 400, "GRAPHQL_VALIDATION_FAILED", `Cannot query field "bbb" on type "Webhook".`},
		"the secret":            {`{organization{webhooks{secret}}}`, 400, "GRAPHQL_VALIDATION_FAILED", `Cannot query field "secret"`},
		"an unknown topic":      {create("LABEL_EATEN", `, secret:"s"`), 400, "GRAPHQL_VALIDATION_FAILED", "LABEL_EATEN"},
		"no secret":             {create("LABEL_CREATED", ""), 400, "GRAPHQL_VALIDATION_FAILED", "secret"},
		"no closing brace":      {`{organization{id}`, 400, "GRAPHQL_PARSE_FAILED", "Syntax Error: Expected Name, found EOF"},
		"a quote in a string":   {create("LABEL_CREATED", `, secret:"a"b"`), 400, "GRAPHQL_PARSE_FAILED", "Syntax Error:"},
		"nothing":               {``, 400, "GRAPHQL_PARSE_FAILED", "Syntax Error:"},
		"an unknown project":    {`{project(where:{id:"nope"}){webhooks{id}}}`, 200, "RESOURCE_NOT_FOUND", "Cannot find project"},
		"an unknown webhook":    {`{webhook(where:{id:"nope"}){id}}`, 200, "RESOURCE_NOT_FOUND", "Cannot find webhook"},
		"an update of no one":   {`mutation{updateWebhook(where:{id:"nope"} data:{status:ACTIVE}){id}}`, 200, "RESOURCE_NOT_FOUND", "Cannot find webhook"},
		"a webhook for no one":  {create("LABEL_CREATED", `, secret:"s", project:{id:"nope"}`), 200, "RESOURCE_NOT_FOUND", "Cannot find project"},
		"no topics":             {create("", `, secret:"s"`), 200, "INTERNAL_SERVER_ERROR", `"status":422`},
		"an empty secret":       {create("LABEL_CREATED", `, secret:""`), 200, "INTERNAL_SERVER_ERROR", `"status":422`},
		"too long a page":       {`{organization{webhooks(first:101){id}}}`, 200, "INTERNAL_SERVER_ERROR", "from 0 to 100"},
		"a variable left unset": {`query Q($id: ID!){webhook(where:{id:$id}){id}}`, 200, "INTERNAL_SERVER_ERROR", `"status":400`},
	} {
		t.Run(name, func(t *testing.T) {
			api := labelboxfake.New(key)
			status, got := ask(t, api, test.document, nil)
			var answer struct {
				Errors []struct {
					Extensions struct{ Code string }
				}
			}
			if err := json.Unmarshal([]byte(got), &answer); err != nil || len(answer.Errors) == 0 {
				t.Fatalf("%d %s reports no errors (%v)", status, got, err)
			}
			unescaped := strings.ReplaceAll(got, `\"`, `"`)
			if status != test.status || answer.Errors[0].Extensions.Code != test.code || !strings.Contains(unescaped, test.says) {
				t.Errorf("got %d %s, want %d, %s and %s", status, got, test.status, test.code, test.says)
			}
			if len(api.Webhooks()) != 0 {
				t.Error("a webhook was registered all the same")
			}
		})
	}
	for name, test := range map[string]struct {
		key, body string
		status    int
		code      string
	}{
		"a wrong key": {"another", `{"query":"{organization{id}}"}`, 401, "AUTHENTICATION_ERROR"},
		"no JSON":     {key, `query`, 400, "MALFORMED_REQUEST"},
	} {
		t.Run(name, func(t *testing.T) {
			if status, got := post(t, labelboxfake.New(key), test.key, test.body); status != test.status || !strings.Contains(got, test.code) {
				t.Errorf("got %d %s", status, got)
			}
		})
	}
}

func TestPagesEndWithOneThatIsNotFull(t *testing.T) {
	for _, n := range []int{0, 99, 100, 101, 250} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			api := labelboxfake.New(key)
			for i := range n {
				api.AddWebhook(labelboxfake.Webhook{ID: fmt.Sprint(i), Topics: []string{"LABEL_CREATED"}})
			}
			var got []string
			for skip := 0; ; skip += 100 {
				_, text := ask(t, api, fmt.Sprintf(`{organization{webhooks(skip:%d first:100){id}}}`, skip), nil)
				page := strings.Count(text, `"id"`)
				got = append(got, fmt.Sprint(page))
				if page < 100 {
					break
				}
			}
			want := slices.Repeat([]string{"100"}, n/100)
			want = append(want, fmt.Sprint(n%100))
			if !slices.Equal(got, want) {
				t.Errorf("pages of %v, want %v", got, want)
			}
		})
	}
}

func TestFaultsHappenOnceAndToWhomTheyAreMeantFor(t *testing.T) {
	api := labelboxfake.New(key)
	meant := labelboxfake.AnswerDropped()
	meant.On = "createWebhook"
	api.Fail(meant, labelboxfake.TooManyRequests("7"))

	server := httptest.NewServer(api)
	defer server.Close()
	send := func(document string) (*http.Response, error) {
		body, _ := json.Marshal(map[string]any{"query": document})
		r, err := http.NewRequest("POST", server.URL, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+key)
		response, err := http.DefaultClient.Do(r)
		if err == nil {
			response.Body.Close()
		}
		return response, err
	}
	const list = `{organization{webhooks{id}}}`
	if r, err := send(list); err != nil || r.StatusCode != 429 || r.Header.Get("Retry-After") != "7" {
		t.Errorf("the list is answered with %v, %v, want 429", r, err)
	}
	if r, err := send(`mutation{createWebhook(data:{topics:{set:[LABEL_CREATED]}, url:"u", secret:"s"}){id}}`); err == nil {
		t.Errorf("the creation is answered with %v, want a lost connection", r.Status)
	}
	if r, err := send(list); err != nil || r.StatusCode != 200 {
		t.Errorf("the next list is answered with %v, %v, want 200", r, err)
	}
	if all := api.Webhooks(); len(all) != 1 || all[0].Secret != "s" {
		t.Errorf("registered %v, want the one whose answer was lost", all)
	}
	if n := len(api.Requests()); n != 3 {
		t.Errorf("%d requests noted, want 3", n)
	}
}

func TestDeliverReachesOnlyWebhooksThatWantTheEvent(t *testing.T) {
	sample, _ := samples.Find(payload.LabelCreated, payload.V1)
	project := core.Identify(http.Header{}, sample.Body()).ProjectID
	var reached []string
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		reached = append(reached, strings.TrimPrefix(r.URL.Path, "/"))
	}))
	defer receiver.Close()
	api := labelboxfake.New(key)
	for _, w := range []labelboxfake.Webhook{
		{ID: "of-all"},
		{ID: "of-its-project", ProjectID: project},
		{ID: "of-another-project", ProjectID: "another"},
		{ID: "inactive", Status: "INACTIVE"},
		{ID: "revoked", Status: "REVOKED"},
		{ID: "of-another-topic", Topics: []string{"LABEL_DELETED"}},
		{ID: "of-two-topics", Topics: []string{"WORKFLOW_ACTION", "LABEL_CREATED"}},
	} {
		w.URL, w.Secret = receiver.URL+"/"+w.ID, "s"
		if w.Topics == nil {
			w.Topics = []string{"LABEL_CREATED"}
		}
		api.AddWebhook(w)
	}
	receipts, err := api.Deliver(t.Context(), "LABEL_CREATED", sample.Body())
	if err != nil || len(receipts) != 3 {
		t.Fatalf("%d receipts, %v, want 3", len(receipts), err)
	}
	if want := []string{"of-all", "of-its-project", "of-two-topics"}; !slices.Equal(reached, want) {
		t.Errorf("reached %v, want %v", reached, want)
	}
	if _, err := api.Deliver(t.Context(), "LABEL_EATEN", nil); err == nil {
		t.Error("an event that is none was delivered")
	}
}
