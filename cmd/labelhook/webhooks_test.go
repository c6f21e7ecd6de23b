package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/labelboxfake"
	"github.com/labelhook/labelhook/internal/samples"
)

const (
	apiKey     = "the-api-key-of-the-tests"
	webhookURL = "https://receiver.acme.dev/labelbox?code=function-key"
)

// apiOf starts a fake of Labelbox's API with one project, and returns the
// environment that leads there.
func apiOf(t *testing.T) (api *labelboxfake.API, project string, environment map[string]string) {
	t.Helper()
	api = labelboxfake.New(apiKey)
	project = api.AddProject("Cars")
	return api, project, map[string]string{
		"LABELBOX_API_KEY": apiKey, "LABELBOX_API_URL": serve(t, api).URL + "/graphql", "LABELBOX_WEBHOOK_SECRET": "opensesame",
		"HOME": t.TempDir(),
	}
}

// webhooks runs "labelhook webhooks" and requires the exit code.
func webhooks(t *testing.T, environment map[string]string, code int, args ...string) (stdout, stderr string) {
	t.Helper()
	got, stdout, stderr := runTool(t, environment, append([]string{"webhooks"}, args...)...)
	if got != code {
		t.Fatalf("webhooks %q: exit code %d, want %d\n%s%s", args, got, code, stdout, stderr)
	}
	for _, never := range []string{apiKey, "opensesame"} {
		if strings.Contains(stdout+stderr, never) {
			t.Errorf("webhooks %q tells %q", args, never)
		}
	}
	return stdout, stderr
}

// says runs "labelhook webhooks", which has to tell the person something.
func says(t *testing.T, environment map[string]string, code int, want string, args ...string) {
	t.Helper()
	if _, stderr := webhooks(t, environment, code, args...); !strings.Contains(stderr, want) {
		t.Errorf("webhooks %q says %s, want %s", args, stderr, want)
	}
}

// statuses are those of all webhooks, in the order in which they were made.
func statuses(api *labelboxfake.API) string {
	var all []string
	for _, w := range api.Webhooks() {
		all = append(all, w.Status)
	}
	return strings.Join(all, " ")
}

// oneOf is [apiOf] with a webhook that was made on this machine.
func oneOf(t *testing.T) (api *labelboxfake.API, project, id string, environment map[string]string) {
	t.Helper()
	api, project, environment = apiOf(t)
	webhooks(t, environment, 0, "create", "--url", webhookURL, "--project", project)
	return api, project, api.Webhooks()[0].ID, environment
}

// fileOf writes a file and returns its path.
func fileOf(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// textOf reads a file.
func textOf(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// linesOf reads each line of JSON.
func linesOf[V any](t *testing.T, stdout string) (all []V) {
	t.Helper()
	for line := range strings.Lines(stdout) {
		var v V
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		all = append(all, v)
	}
	return all
}

func TestWebhooksAreRegisteredAndChanged(t *testing.T) {
	api, project, env := apiOf(t)

	stdout, stderr := webhooks(t, env, 0, "create", "--url", webhookURL, "--project", project, "--topic", "label.created", "--topic", "WORKFLOW_ACTION")
	if !strings.Contains(stdout, "https://receiver.acme.dev\n") || !strings.Contains(stdout, "LABEL_CREATED WORKFLOW_ACTION") || strings.Contains(stdout, "function-key") {
		t.Errorf("create prints %s", stdout)
	}
	if !strings.Contains(stderr, "webhooks made through the API send v1 payloads") {
		t.Errorf("create says %s", stderr)
	}
	made := api.Webhooks()
	if len(made) != 1 || made[0].URL != webhookURL || made[0].Secret != "opensesame" || made[0].ProjectID != project || fmt.Sprint(made[0].Topics) != "[LABEL_CREATED WORKFLOW_ACTION]" {
		t.Fatalf("registered %+v", made)
	}
	id := made[0].ID

	stdout, _ = webhooks(t, env, 0, "get", id)
	if !strings.Contains(stdout, project+" Cars") {
		t.Errorf("get prints %s", stdout)
	}
	stdout, _ = webhooks(t, env, 0, "update", id, "--topic", "label.deleted", "--url", "https://other.acme.dev/hook", "--json")
	if v := linesOf[webhookView](t, stdout)[0]; v.URL != "https://other.acme.dev/hook" || fmt.Sprint(v.Topics) != "[LABEL_DELETED]" || v.Status != "ACTIVE" {
		t.Errorf("update prints %s", stdout)
	}
	says(t, env, 2, "hint: add --yes", "delete", id)
	if statuses(api) != "ACTIVE" {
		t.Error("it was switched off without a question")
	}
	says(t, env, 0, id+" is switched off; Labelbox keeps it in its lists as INACTIVE", "delete", id, "--yes")
	if statuses(api) != "INACTIVE" {
		t.Error("it was not switched off")
	}
	stdout, stderr = webhooks(t, env, 0, "list")
	if stdout != "" || stderr != "labelhook: there are no active webhooks\n" {
		t.Errorf("list prints %q, says %q", stdout, stderr)
	}
	stdout, _ = webhooks(t, env, 0, "list", "--all", "--project", project)
	if !strings.HasPrefix(stdout, "ID ") || !strings.Contains(stdout, id) {
		t.Errorf("list --all prints %s", stdout)
	}
	if webhooks(t, env, 0, "update", id, "--status", "active"); statuses(api) != "ACTIVE" {
		t.Error("it was not switched on again")
	}
}

func TestWebhooksListIsComplete(t *testing.T) {
	for _, n := range []int{0, 1, 99, 100, 101, 250} {
		api, project, env := apiOf(t)
		for i := range n {
			api.AddWebhook(labelboxfake.Webhook{ProjectID: project, URL: fmt.Sprint("https://a.acme.dev/", i), Topics: []string{"LABEL_CREATED", "REVIEW_CREATED"}})
		}
		for _, args := range [][]string{{"list", "--json"}, {"list", "--json", "--project", project}} {
			stdout, _ := webhooks(t, env, 0, args...)
			seen := map[string]bool{}
			for _, v := range linesOf[webhookView](t, stdout) {
				seen[v.URL] = true
			}
			if len(seen) != n {
				t.Errorf("%v lists %d of %d", args, len(seen), n)
			}
		}
	}
}

func TestWebhooksCreateIfAbsent(t *testing.T) {
	api, project, env := apiOf(t)
	create := []string{"create", "--url", webhookURL, "--project", project, "--if-absent", "--json"}
	stdout, _ := webhooks(t, env, 0, create...)
	first := linesOf[createdView](t, stdout)[0]
	stdout, stderr := webhooks(t, env, 0, create...)
	if again := linesOf[createdView](t, stdout)[0]; !first.Created || again.Created || again.ID != first.ID || !strings.Contains(stderr, "nothing was made") {
		t.Errorf("first %+v, then %+v: %s", first, again, stderr)
	}
	// One that is switched off, or elsewhere, is another.
	webhooks(t, env, 0, "create", "--url", webhookURL+"2", "--project", project, "--if-absent")
	webhooks(t, env, 0, "delete", first.ID, "--yes")
	webhooks(t, env, 0, create...)
	if n := len(api.Webhooks()); n != 3 {
		t.Errorf("%d webhooks, want 3", n)
	}
	says(t, env, 1, "every LABEL_CREATED would come twice", append(create, "--topic", "label.created")...)
	if n := len(api.Webhooks()); n != 3 {
		t.Errorf("with other topics, %d webhooks", n)
	}
}

// A creation whose answer is lost is not made twice.
func TestWebhooksCreateSurvivesALostAnswer(t *testing.T) {
	api, project, env := apiOf(t)
	fault := labelboxfake.AnswerDropped()
	fault.On = "createWebhook"
	api.Fail(fault)
	says(t, env, 0, "the answer was lost", "create", "--url", webhookURL, "--project", project)
	if n := len(api.Webhooks()); n != 1 {
		t.Errorf("%d webhooks", n)
	}
}

func TestWebhooksCreateIfAbsentComparesTheSecret(t *testing.T) {
	api, project, id, env := oneOf(t)
	elsewhere := fileOf(t, filepath.Join(t.TempDir(), "other.secret"), "brighteyes\n")
	again := []string{"create", "--url", webhookURL, "--project", project, "--if-absent"}
	for name, test := range map[string]struct {
		env  map[string]string
		args []string
		code int
		want string
	}{
		"the same":                {env, nil, 0, "nothing was made"},
		"another":                 {with(env, current, "brighteyes"), nil, 1, id + " delivers there already, but was made with another secret"},
		"another, in a file":      {env, []string{"--secret-file", elsewhere}, 1, "rotate " + id},
		"none that is usable":     {with(env, current, "CHANGE-ME"), nil, 2, "is a placeholder"},
		"none":                    {with(env, current, ""), nil, 0, "nothing was made"},
		"to be made up":           {env, []string{"--generate-secret", "--secret-file", filepath.Join(t.TempDir(), "new")}, 0, "nothing was made"},
		"known elsewhere":         {with(env, "HOME", t.TempDir()), nil, 0, "not known here whether " + id},
		"another, made elsewhere": {with(env, "HOME", t.TempDir(), current, "brighteyes"), nil, 0, "not known here whether " + id},
	} {
		t.Run(name, func(t *testing.T) { says(t, test.env, test.code, test.want, append(again, test.args...)...) })
	}

	// Of two that deliver there during a rotation, the one with the secret is meant.
	rotated := with(env, current, "brighteyes", previous, "opensesame")
	webhooks(t, rotated, 0, "rotate", id)
	twin := api.Webhooks()[1].ID
	for key, want := range map[string]string{"brighteyes": twin, "opensesame": id} {
		stdout, _ := webhooks(t, with(env, current, key), 0, append(again, "--json")...)
		if got := linesOf[createdView](t, stdout)[0].ID; got != want {
			t.Errorf("%s is of %s, want %s", key, got, want)
		}
	}
	says(t, with(env, current, "third"), 1, "another secret", again...)
	if n := len(api.Webhooks()); n != 2 {
		t.Errorf("%d webhooks", n)
	}
}

func TestWebhooksCreatedAtOnceAreOne(t *testing.T) {
	api, project, env := apiOf(t)
	codes := make(chan int, 4)
	for range cap(codes) {
		go func() {
			code, _, _ := runTool(t, env, "webhooks", "create", "--url", webhookURL, "--project", project)
			codes <- code
		}()
	}
	refused := 0
	for range cap(codes) {
		refused += <-codes
	}
	if n := len(api.Webhooks()); n != 1 || refused != 3 {
		t.Errorf("%d webhooks, %d refused", n, refused)
	}
}

func TestWebhooksSecretsArriveUnharmed(t *testing.T) {
	for _, key := range []string{`a"b`, `a\b`, "пароль 🔑", `{"$x":"}"`, "#comment", "a  b"} {
		api, project, env := apiOf(t)
		env["LABELBOX_WEBHOOK_SECRET"] = key
		webhooks(t, env, 0, "create", "--url", webhookURL, "--project", project)
		if made := api.Webhooks(); len(made) != 1 || made[0].Secret != key {
			t.Errorf("%q became %+v", key, made)
		}
	}
}

func TestWebhooksTakeNoSecretThatIsNone(t *testing.T) {
	t.Chdir(t.TempDir())
	fileOf(t, "utf16.txt", "\xff\xfea\x00b\x00")
	fileOf(t, "prose.txt", "opensesame\nthe one of our webhook\n")
	for want, test := range map[string]struct{ variable, value, file string }{
		"LABELBOX_WEBHOOK_SECRET: the secret is a placeholder":                                   {"LABELBOX_WEBHOOK_SECRET", "CHANGE-ME", ""},
		"LABELBOX_WEBHOOK_SECRET_FILE: the secret is saved as UTF-16":                            {"LABELBOX_WEBHOOK_SECRET_FILE", "utf16.txt", ""},
		"--secret-file, line 2: the secret has blanks in it, and other lines beside it":          {"LABELBOX_WEBHOOK_SECRET", "opensesame", "prose.txt"},
		"LABELBOX_WEBHOOK_SECRET_FILE, line 2: the secret has blanks in it, and other lines bes": {"LABELBOX_WEBHOOK_SECRET_FILE", "prose.txt", ""},
	} {
		api, project, env := apiOf(t)
		delete(env, "LABELBOX_WEBHOOK_SECRET")
		env[test.variable] = test.value
		create := []string{"create", "--url", webhookURL, "--project", project}
		if test.file != "" {
			create = append(create, "--secret-file", test.file)
		}
		if says(t, env, 2, want, create...); len(api.Webhooks()) > 0 {
			t.Errorf("there are %v", api.Webhooks())
		}
	}
}

func TestWebhooksGeneratedSecret(t *testing.T) {
	api, project, env := apiOf(t)
	delete(env, "LABELBOX_WEBHOOK_SECRET")
	t.Chdir(t.TempDir())
	create := []string{"create", "--url", webhookURL, "--project", project, "--generate-secret", "--force"}

	stdout, _ := webhooks(t, env, 0, create...)
	key := strings.TrimSuffix(textOf(t, defaultSecretFile), "\n")
	if got := api.Webhooks()[0].Secret; got != key || len(key) < 40 || strings.Contains(stdout, key) {
		t.Errorf("the file holds %q, the webhook has %q, printed is %s", key, got, stdout)
	}
	if info, _ := os.Stat(defaultSecretFile); info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v", info.Mode())
	}
	if says(t, env, 2, "labelhook.secret exists already", create...); len(api.Webhooks()) != 1 {
		t.Error("made all the same")
	}

	stdout, _ = webhooks(t, env, 0, append(create, "--secret-command", "cat > piped", "--json")...)
	if piped := textOf(t, "piped"); piped != api.Webhooks()[1].Secret || strings.Contains(stdout, piped) {
		t.Errorf("the command got %q", piped)
	}
	if says(t, env, 1, "exit status 3", append(create, "--secret-command", "exit 3")...); len(api.Webhooks()) != 2 {
		t.Error("made with a failing command")
	}
	stdout, _ = webhooks(t, env, 0, append(create, "--secret-file", "shown", "--show-secret", "--json")...)
	if v := linesOf[createdView](t, stdout)[0]; v.Secret != api.Webhooks()[2].Secret || v.SecretFile != "shown" {
		t.Errorf("--show-secret prints %s", stdout)
	}

	// What was not made leaves no file behind; what may have been made does.
	api.Fail(labelboxfake.Fault{On: "createWebhook", Status: 200, Body: `{"errors":[{"message":"no","extensions":{"code":"AUTHORIZATION_ERROR"}}]}`})
	webhooks(t, env, 1, append(create, "--secret-file", "refused")...)
	if _, err := os.Stat("refused"); err == nil {
		t.Error("the secret of a webhook that was refused is left behind")
	}
	lost := labelboxfake.Dropped()
	lost.On = "createWebhook"
	api.Fail(lost)
	says(t, env, 1, "if the webhook was made, its secret is in lost", append(create, "--secret-file", "lost")...)
	textOf(t, "lost")
}

// Each failure of the API is one line that says what is wrong, and one that says
// what to do.
func TestWebhooksSayWhatFailed(t *testing.T) {
	reported := labelboxfake.Reported
	for name, test := range map[string]struct {
		fault      labelboxfake.Fault
		code       int
		error, tip string
	}{
		"wrong key":            {reported("AUTHENTICATION_ERROR", "bad key", 0), 1, "the API key is not accepted", "LABELBOX_API_KEY"},
		"not allowed":          {reported("AUTHORIZATION_ERROR", "admins only", 0), 1, "admins only", "role"},
		"not found":            {reported("RESOURCE_NOT_FOUND", "no such thing", 0), 1, "no such thing", "list --all"},
		"conflict":             {reported("RESOURCE_CONFLICT", "taken", 0), 1, "taken", "list --all"},
		"malformed":            {reported("MALFORMED_REQUEST", "what?", 0), 1, "what?", ""},
		"unprocessable":        {reported("INTERNAL_SERVER_ERROR", "empty topics", 422), 1, "empty topics", "compare"},
		"internal error":       {reported("INTERNAL_SERVER_ERROR", "oops", 500), 1, "oops", "try again later"},
		"validation":           {reported("GRAPHQL_VALIDATION_FAILED", "Cannot query field", 0), 1, "Cannot query field", ""},
		"rate limit":           {labelboxfake.TooManyRequests("600"), 1, "too many requests", "try again in 10m0s"},
		"rate limit as text":   {labelboxfake.TooManyRequestsInText("600"), 1, "too many requests", "try again in 10m0s"},
		"key of a free plan":   {labelboxfake.KeyRefused(), 1, "", ""},
		"not Labelbox's API":   {labelboxfake.Fault{Status: 200, Body: "<html>hello"}, 1, "unexpected answer", "LABELBOX_API_URL"},
		"unknown code":         {reported("SOMETHING_NEW", "new", 0), 1, "new", ""},
		"error without a code": {labelboxfake.Fault{Status: 200, Body: `{"errors":[{"message":"bare"}]}`}, 1, "bare", ""},
	} {
		t.Run(name, func(t *testing.T) {
			api, _, env := apiOf(t)
			api.Fail(test.fault)
			stdout, stderr := webhooks(t, env, test.code, "get", "clw1g7v2x000a0742h3k9q8zd", "--json")
			last := stderr[strings.LastIndex(strings.TrimSpace(stderr), "\n")+1:]
			if stdout != "" || strings.Count("\n"+stderr, "\nlabelhook: error: ") != 1 || !strings.Contains(stderr, test.error) || !strings.Contains(last, test.tip) {
				t.Errorf("stdout %q, stderr %s", stdout, stderr)
			}
		})
	}
}

func TestWebhooksRefuseWrongUsage(t *testing.T) {
	api, project, env := apiOf(t)
	withoutKey := map[string]string{"LABELBOX_WEBHOOK_SECRET": "opensesame"}
	withoutSecret := map[string]string{"LABELBOX_API_KEY": apiKey, "LABELBOX_API_URL": env["LABELBOX_API_URL"]}
	for _, test := range []struct {
		env  map[string]string
		args string
		want string
	}{
		{withoutKey, "list", "LABELBOX_API_KEY"},
		{withoutSecret, "create --url https://a.acme.dev --organization", "LABELBOX_WEBHOOK_SECRET: not set or empty"},
		{env, "create --organization", "--url: not given"},
		{env, "create --url https://a.acme.dev", "--project and --organization: give exactly one"},
		{env, "create --url https://a.acme.dev --organization --project " + project, "--project and --organization: give exactly one"},
		{env, "create --url public_url --organization", "the URL is not one; write https://host/path"},
		{env, "create --url http://a.acme.dev --organization", "https"},
		{env, "create --url https:/a.acme.dev --organization", ""},
		{env, "create --url http://127.0.0.1:1/x --organization", ""},
		{env, "create --url https://a.acme.dev --organization --topic label.painted", "--topic: "},
		{env, "create --url https://a.acme.dev --organization --topic review.created", "--topic: "},
		{env, "create --url https://a.acme.dev --organization --show-secret", "--show-secret: "},
		{env, "create --url https://a.acme.dev --organization --secret-command cat", "--secret-command: "},
		{env, "create --url https://a.acme.dev --organization --secret-file nothing.txt", "--secret-file: "},
		{env, "update clw1g7v2x000a0742h3k9q8zd", "nothing to change"},
		{env, "update clw1g7v2x000a0742h3k9q8zd --status asleep", "--status: "},
		{env, "update", "takes exactly one webhook id"},
		{env, "update clw1g7v2x000a0742h3k9q8zd --topic label.created --allow-loopback", "--allow-loopback: "},
		{env, "update clw1g7v2x000a0742h3k9q8zd --url http://a.acme.dev", "https"},
		{env, "create --url https://a.acme.dev --organization --if-absent --force", "--if-absent and --force"},
		{env, "create --url https://a.acme.dev --organization --if-absent --show-secret", "--show-secret: "},
		{env, "rotate clw1g7v2x000a0742h3k9q8zd --secret-command cat", "--secret-command: "},
		{env, "rotate clw1g7v2x000a0742h3k9q8zd --confirm --generate-secret", "--confirm and --generate-secret"},
		{env, "paint", "unknown command"},
	} {
		_, stderr := webhooks(t, test.env, 2, strings.Fields(test.args)...)
		if lines := strings.Split(strings.TrimSpace(stderr), "\n"); !strings.HasPrefix(stderr, "labelhook: error: ") || len(lines) > 2 || !strings.Contains(lines[0], test.want) {
			t.Errorf("%s: %s", test.args, stderr)
		}
	}
	if n := len(api.Webhooks()); n != 0 {
		t.Errorf("%d webhooks were made", n)
	}
}

func TestWebhooksRotate(t *testing.T) {
	api, project, env := apiOf(t)
	t.Chdir(t.TempDir())
	old := api.AddWebhook(labelboxfake.Webhook{ProjectID: project, URL: webhookURL, Secret: "old", Topics: []string{"LABEL_CREATED", "LABEL_DELETED"}})
	other := api.AddWebhook(labelboxfake.Webhook{ProjectID: project, URL: webhookURL, Secret: "old", Topics: []string{"WORKFLOW_ACTION"}})
	rotate := []string{"rotate", old, "--json"}

	// Broken off after the creation: both deliver.
	stdout, stderr := webhooks(t, env, 0, append(rotate, "--generate-secret", "--secret-file", "new.secret")...)
	first := linesOf[rotationView](t, stdout)[0]
	if first.State != "waiting" || !first.Created || first.Old.Status != "ACTIVE" || first.New.Status != "ACTIVE" || first.SecretFile != "new.secret" {
		t.Errorf("first %s", stdout)
	}
	for _, part := range []string{"LABELBOX_WEBHOOK_SECRET ", "the new secret (in new.secret)", "LABELBOX_WEBHOOK_SECRET_PREVIOUS  the secret of " + old, "labelhook webhooks rotate " + old + " --confirm"} {
		if !strings.Contains(stderr, part) {
			t.Errorf("%q is not said in %s", part, stderr)
		}
	}
	twin := api.Webhooks()[2]
	if twin.Secret != strings.TrimSpace(textOf(t, "new.secret")) || twin.URL != webhookURL || twin.ProjectID != project || fmt.Sprint(twin.Topics) != "[LABEL_CREATED LABEL_DELETED]" {
		t.Errorf("the twin is %+v", twin)
	}

	// Again: it goes on with the twin and makes no second one.
	stdout, stderr = webhooks(t, env, 0, rotate...)
	if v := linesOf[rotationView](t, stdout)[0]; v.State != "waiting" || v.Created || v.New.ID != twin.ID || !strings.Contains(stderr, "going on with "+twin.ID) {
		t.Errorf("again %s%s", stdout, stderr)
	}
	// The last step fails: both still deliver.
	api.Fail(labelboxfake.Fault{On: "updateWebhook", Status: 200, Body: `{"errors":[{"message":"no","extensions":{"code":"AUTHORIZATION_ERROR"}}]}`})
	if says(t, env, 1, "run labelhook webhooks rotate "+old+" --confirm again", append(rotate, "--confirm")...); statuses(api) != "ACTIVE ACTIVE ACTIVE" {
		t.Errorf("after a failure %s", statuses(api))
	}
	stdout, stderr = webhooks(t, env, 0, append(rotate, "--confirm")...)
	if v := linesOf[rotationView](t, stdout)[0]; v.State != "done" || v.Old.Status != "INACTIVE" || v.New.ID != twin.ID || !strings.Contains(stderr, other+" delivers there as well: keep the old secret") {
		t.Errorf("confirmed %s%s", stdout, stderr)
	}
	// Once more does no harm.
	stdout, _ = webhooks(t, env, 0, append(rotate, "--confirm")...)
	if v := linesOf[rotationView](t, stdout)[0]; v.State != "done" || len(api.Webhooks()) != 3 {
		t.Errorf("once more %s", stdout)
	}
	if all := statuses(api); all != "INACTIVE ACTIVE ACTIVE" {
		t.Errorf("in the end %s", all)
	}

	says(t, env, 1, "not found", "rotate", "clw1g7v2x000a0742h3k9q8zd")
	off := api.AddWebhook(labelboxfake.Webhook{URL: "https://b.acme.dev", Secret: "s", Status: "INACTIVE", Topics: []string{"LABEL_CREATED"}})
	says(t, env, 1, "is INACTIVE, so there is nothing to replace", "rotate", off)
}

func TestWebhooksThatWouldDeliverTwiceAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		there                labelboxfake.Webhook // in the project of the tests unless its topics say otherwise
		elsewhere, workspace bool
		args                 string // besides those of the project, which --organization replaces
		refused              bool
	}{
		"the same":              {there: labelboxfake.Webhook{URL: webhookURL}, refused: true},
		"one topic in common":   {there: labelboxfake.Webhook{URL: webhookURL, Topics: []string{"LABEL_DELETED", "REVIEW_CREATED"}}, refused: true},
		"a slash more":          {there: labelboxfake.Webhook{URL: "https://receiver.acme.dev/labelbox/?code=function-key"}, refused: true},
		"another spelling":      {there: labelboxfake.Webhook{URL: "https://RECEIVER.acme.dev:443/%6Cabelbox?code=function%2Dkey"}, refused: true},
		"of the workspace":      {there: labelboxfake.Webhook{URL: webhookURL}, workspace: true, refused: true},
		"for the workspace":     {there: labelboxfake.Webhook{URL: webhookURL}, args: "--organization", refused: true},
		"both of the workspace": {there: labelboxfake.Webhook{URL: webhookURL}, workspace: true, args: "--organization", refused: true},
		"other topics":          {there: labelboxfake.Webhook{URL: webhookURL, Topics: []string{"WORKFLOW_ACTION"}}, args: "--topic label.created"},
		"another project":       {there: labelboxfake.Webhook{URL: webhookURL}, elsewhere: true},
		"another URL":           {there: labelboxfake.Webhook{URL: webhookURL + "2"}},
		"switched off":          {there: labelboxfake.Webhook{URL: webhookURL, Status: "INACTIVE"}},
		"revoked":               {there: labelboxfake.Webhook{URL: webhookURL, Status: "REVOKED"}},
		"with --force":          {there: labelboxfake.Webhook{URL: webhookURL}, args: "--force"},
	} {
		t.Run(name, func(t *testing.T) {
			api, project, env := apiOf(t)
			switch {
			case test.elsewhere:
				test.there.ProjectID = api.AddProject("Boats")
			case !test.workspace:
				test.there.ProjectID = project
			}
			if test.there.Topics == nil {
				test.there.Topics = []string{"LABEL_CREATED", "LABEL_UPDATED", "LABEL_DELETED", "WORKFLOW_ACTION"}
			}
			id := api.AddWebhook(test.there)
			args := append([]string{"create", "--url", webhookURL, "--json"}, strings.Fields(test.args)...)
			if !strings.Contains(test.args, "--organization") {
				args = append(args, "--project", project)
			}
			code, n := 0, 2
			if test.refused {
				code, n = 1, 1
			}
			stdout, stderr := webhooks(t, env, code, args...)
			if got := len(api.Webhooks()); got != n || test.refused && (stdout != "" || !strings.Contains(stderr, id+" delivers to this URL already") || !strings.Contains(stderr, "--force")) {
				t.Errorf("%d webhooks: %s%s", got, stdout, stderr)
			}
		})
	}

	t.Run("update", func(t *testing.T) {
		api, project, env := apiOf(t)
		add := func(url, status string, topics ...string) string {
			return api.AddWebhook(labelboxfake.Webhook{ProjectID: project, URL: url, Status: status, Topics: topics})
		}
		add(webhookURL, "ACTIVE", "LABEL_CREATED", "LABEL_UPDATED")
		off := add(webhookURL, "INACTIVE", "LABEL_CREATED")
		far := add("https://far.acme.dev", "ACTIVE", "LABEL_CREATED")
		near := add(webhookURL, "ACTIVE", "LABEL_DELETED")
		both := add(webhookURL, "ACTIVE", "LABEL_CREATED")
		for _, test := range []struct {
			code int
			args string
		}{
			{1, off + " --status active"},
			{0, off + " --topic label.updated"},
			{1, far + " --url " + webhookURL},
			{0, far + " --url https://farther.acme.dev"},
			{1, near + " --topic label.updated"},
			{0, near + " --topic workflow.action"},
			{0, both + " --url https://receiver.acme.dev/labelbox/?code=function-key"}, // twice before, twice after
			{1, both + " --topic label.created --topic label.updated"},
			{0, both + " --status inactive"},
			{0, off + " --status active --force"},
		} {
			want := ""
			if test.code != 0 {
				want = "would come twice"
			}
			says(t, env, test.code, want, append([]string{"update"}, strings.Fields(test.args)...)...)
		}
	})
}

// From the registration of a receiver to the end of its deliveries, with the
// built binary.
func TestWebhooksEndToEnd(t *testing.T) {
	api, _, env := apiOf(t)
	for _, s := range samples.Documented() {
		d := core.Identify(noHeader{}, s.Body())
		api.AddProjectWithID(d.ProjectID, "a project of the samples")
	}
	file := filepath.Join(t.TempDir(), "labelhook.db")
	receiver := startListen(t, map[string]string{"LABELBOX_WEBHOOK_SECRET": "opensesame"}, "--inbox", file)

	stdout, _ := webhooks(t, env, 0, "create", "--url", receiver.url, "--allow-loopback", "--organization", "--check", "--json")
	created := linesOf[createdView](t, stdout)[0]
	if created.Check == nil || !created.Check.OK {
		t.Errorf("the check says %s", stdout)
	}
	deliver := func() (taken int) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		for _, s := range samples.Documented() {
			receipts, err := api.Deliver(ctx, s.Header, s.Body())
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range receipts {
				if !r.OK() {
					t.Errorf("%s was answered %d (%v)", s.Name, r.Status, r.Err)
				}
				taken++
			}
		}
		return taken
	}
	if n := deliver(); n != 8 {
		t.Errorf("%d deliveries, want 8", n)
	}
	_, stdout, _ = runTool(t, nil, "events", "--inbox", file, "--json")
	if n := len(linesOf[eventView](t, stdout)); n != 8+1 { // and the one of --check
		t.Errorf("the inbox holds %d deliveries: %s", n, stdout)
	}
	webhooks(t, env, 0, "delete", created.ID, "--yes")
	if n := deliver(); n != 0 {
		t.Errorf("%d deliveries after the end", n)
	}
}

// --ca-file counts for the receiver that create --check asks, as for the API.
func TestCAFileReachesTheCheckedReceiver(t *testing.T) {
	receiver := serveTLS(t, receiver(t, taken))
	authority := fileOf(t, filepath.Join(t.TempDir(), "authority.cer"), string(receiver.Certificate().Raw))
	for flag, reached := range map[string]bool{"": false, "--ca-file=" + authority: true} {
		_, project, env := apiOf(t)
		args := []string{"create", "--url", receiver.URL, "--allow-loopback", "--project", project, "--check"}
		if flag != "" {
			args = append(args, flag)
		}
		_, stdout, stderr := runTool(t, env, append([]string{"webhooks"}, args...)...)
		if answered := !strings.Contains(stderr, "no answer"); answered != reached || answered == strings.Contains(stderr, "unknown authority") {
			t.Errorf("%s: %s%s", flag, stdout, stderr)
		}
	}
}

type noHeader struct{}

func (noHeader) Values(string) []string { return nil }
