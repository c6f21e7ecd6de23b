package main

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/labelhook/labelhook/internal/labelboxfake"
)

// with is the environment with other values; "" leaves a variable out.
func with(env map[string]string, pairs ...string) map[string]string {
	env = maps.Clone(env)
	for i := 0; i < len(pairs); i += 2 {
		env[pairs[i]] = pairs[i+1]
	}
	return env
}

const (
	current  = "LABELBOX_WEBHOOK_SECRET"
	previous = "LABELBOX_WEBHOOK_SECRET_PREVIOUS"
	inFile   = "LABELBOX_WEBHOOK_SECRET_FILE"
)

func TestRotationThatWouldNotChangeTheSecretIsRefused(t *testing.T) {
	api, project, env := apiOf(t)
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"same": "opensesame\n", "two": "other\nopensesame\n", "both": "opensesame\nopensesame\n", "new": "other\n"} {
		fileOf(t, name, text)
	}
	elsewhere := api.AddWebhook(labelboxfake.Webhook{ProjectID: project, URL: "https://b.acme.dev", Secret: "opensesame", Topics: []string{"LABEL_CREATED"}})
	webhooks(t, env, 0, "create", "--url", webhookURL, "--project", project)
	here := api.Webhooks()[1].ID
	for _, test := range []struct {
		name, id, want string
		env            map[string]string
		flags          []string
	}{
		{"made here", here, "nothing would change", env, nil},
		{"made here, in a file", here, "nothing would change", env, []string{"--secret-file", "same"}},
		{"made here, with a line break", here, "nothing would change", with(env, current, "opensesame\n"), nil},
		{"made here, also as the previous", here, "nothing would change", with(env, current, "x", previous, "x"), nil},
		{"made elsewhere", elsewhere, "it is not known which secret", env, nil},
		{"made elsewhere, as the previous", elsewhere, "nothing would change", with(env, previous, "opensesame"), nil},
		{"made elsewhere, beside a file", elsewhere, "nothing would change", env, []string{"--secret-file", "same"}},
		{"made elsewhere, twice in a file", elsewhere, "nothing would change", with(env, current, "", inFile, "both"), nil},
		{"made elsewhere, alone in a file", elsewhere, "it is not known which secret", with(env, current, "", inFile, "new"), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, more := range [][]string{nil, {"--confirm"}} {
				_, stderr := webhooks(t, test.env, 2, append(append([]string{"rotate", test.id}, test.flags...), more...)...)
				if !strings.Contains(stderr, test.want) || !strings.Contains(stderr, previous) || len(api.Webhooks()) != 2 {
					t.Errorf("%d webhooks: %s", len(api.Webhooks()), stderr)
				}
			}
		})
	}
	// What changes it is done.
	webhooks(t, with(env, current, "other", previous, "opensesame"), 0, "rotate", elsewhere)
	webhooks(t, with(env, current, "other"), 0, "rotate", here)
	if all := api.Webhooks(); len(all) != 4 || all[2].Secret != "other" || all[3].Secret != "other" {
		t.Errorf("in the end %+v", all)
	}
}

func TestRotationGoesOnWithWhatItBegan(t *testing.T) {
	api, _, old, env := oneOf(t)
	t.Chdir(t.TempDir())
	rotate := func(env map[string]string, code int, want string, args ...string) {
		t.Helper()
		says(t, env, code, want, append([]string{"rotate", old}, args...)...)
	}
	rotate(with(env, current, "second"), 0, "both deliver")
	twin := api.Webhooks()[1].ID
	for _, flags := range []string{"--generate-secret", "--generate-secret --secret-file x", "--secret-file x", "--generate-secret --secret-command cat", "--generate-secret --show-secret"} {
		rotate(env, 2, "cannot take effect", strings.Fields(flags)...)
	}
	rotate(with(env, current, "third"), 2, "LABELBOX_WEBHOOK_SECRET: not the secret that the twin "+twin)
	rotate(with(env, current, "third"), 2, "labelhook webhooks delete "+twin, "--confirm")
	rotate(env, 2, "not the secret that the twin", "--confirm")
	rotate(with(env, current, ""), 0, "going on with "+twin)
	rotate(with(env, current, "second", previous, "opensesame"), 0, "going on with "+twin)

	// Switched off, the twin does not count any more: it starts over, but confirms nothing.
	webhooks(t, env, 0, "delete", twin, "--yes")
	rotate(with(env, current, "third"), 1, "nothing to confirm", "--confirm")
	rotate(env, 0, "starting over", "--generate-secret")
	twin = api.Webhooks()[2].ID
	rotate(with(env, current, "third"), 2, "not the secret that the twin "+twin, "--confirm")
	kept := textOf(t, defaultSecretFile)
	fileOf(t, defaultSecretFile, "foreign\n")
	rotate(env, 1, "does not hold the secret", "--confirm")
	fileOf(t, defaultSecretFile, kept+"opensesame\n")
	webhooks(t, env, 0, "update", twin, "--topic", "label.created")
	rotate(env, 1, "not of the same URL and topics any more", "--confirm")
	webhooks(t, env, 0, "update", twin, "--topic", "label.created,label.updated,label.deleted,workflow.action", "--force")

	// Another machine knows nothing of it.
	rotate(with(env, "HOME", t.TempDir()), 1, "its secret is not known", "--confirm")
	rotate(with(env, current, "third", "HOME", t.TempDir()), 1, "labelhook webhooks delete")

	rotate(env, 0, "the receiver needs the old secret no longer", "--confirm")
	files, _ := filepath.Glob(filepath.Join(env["HOME"], ".local/state/labelhook/webhooks/*.json"))
	for _, file := range files {
		if strings.Contains(textOf(t, file), "rotation") || strings.Contains(file, old) {
			t.Errorf("left over is %s", file)
		}
	}
	// The secret that the rotation ended with is known the next time.
	says(t, env, 2, "nothing would change", "rotate", twin, "--secret-file", defaultSecretFile)
	rotate(env, 2, "is INACTIVE already", "--generate-secret", "--secret-file", "x")
}

// What a rotation was about to make when it broke off is not what was created
// after it.
func TestRotationTakesNoOtherWebhookForItsTwin(t *testing.T) {
	api, project, old, env := oneOf(t)
	t.Chdir(t.TempDir())
	lost := labelboxfake.Dropped()
	lost.On = "createWebhook"
	api.Fail(lost)
	if says(t, env, 1, "labelhook webhooks rotate "+old+" again", "rotate", old, "--generate-secret"); len(api.Webhooks()) != 1 {
		t.Error("it was not broken off")
	}
	webhooks(t, with(env, current, "foreign"), 0, "create", "--url", webhookURL, "--project", project, "--force")
	foreign := api.Webhooks()[1].ID
	if says(t, env, 1, foreign+" delivers the same as "+old, "rotate", old, "--confirm"); statuses(api) != "ACTIVE ACTIVE" {
		t.Errorf("with another webhook %s", statuses(api))
	}
	webhooks(t, env, 0, "delete", foreign, "--yes")
	webhooks(t, env, 0, "rotate", old)
	if all := api.Webhooks(); len(all) != 3 || all[2].Secret+"\n" != textOf(t, defaultSecretFile) {
		t.Errorf("gone on with the secret that was made up, there is %+v", all)
	}
}

func TestRotationStateThatCannotBeUnderstood(t *testing.T) {
	for name, test := range map[string]struct {
		change func(text string) string
		want   string
	}{
		"cut off":            {func(text string) string { return text[:len(text)/2] }, "is damaged"},
		"empty":              {func(string) string { return "" }, "is damaged"},
		"null":               {func(string) string { return "null" }, "is damaged"},
		"without the secret": {func(text string) string { return strings.ReplaceAll(text, `"sum"`, `"mus"`) }, "is damaged"},
		"endless work":       {func(text string) string { return strings.ReplaceAll(text, "200000", "2000000000") }, "is damaged"},
		"newer":              {func(text string) string { return strings.Replace(text, `"version": 1`, `"version": 2`, 1) }, "newer labelhook"},
		"another webhook":    {func(text string) string { return strings.Replace(text, `"webhook": "`, `"webhook": "x`, 1) }, "about another webhook"},
		"another endpoint":   {func(text string) string { return strings.Replace(text, "/graphql", "/other", 1) }, "about another webhook"},
	} {
		t.Run(name, func(t *testing.T) {
			api, _, old, env := oneOf(t)
			webhooks(t, with(env, current, "second"), 0, "rotate", old)
			files, _ := filepath.Glob(filepath.Join(env["HOME"], ".local/state/labelhook/webhooks", old+"*.json"))
			if len(files) != 1 {
				t.Fatalf("the state is in %v", files)
			}
			if info, _ := os.Stat(files[0]); info.Mode().Perm() != 0o600 {
				t.Errorf("the mode is %v", info.Mode())
			}
			text := textOf(t, files[0])
			if strings.Contains(text, "second") {
				t.Fatalf("it tells the secret: %s", text)
			}
			fileOf(t, files[0], test.change(text))
			says(t, with(env, current, "second"), 1, test.want, "rotate", old, "--confirm")
			if statuses(api) != "ACTIVE ACTIVE" {
				t.Errorf("the webhooks are %s", statuses(api))
			}
		})
	}
}

// A rotation that is killed at any request, before or after it is carried out,
// leaves webhooks that deliver, and running the same again ends it.
func TestRotationSurvivesKills(t *testing.T) {
	binary := built(t)
	for _, carriedOut := range []bool{false, true} {
		for killAt := int32(1); ; killAt++ {
			api := labelboxfake.New(apiKey)
			project := api.AddProject("Cars")
			old := api.AddWebhook(labelboxfake.Webhook{ProjectID: project, URL: webhookURL, Secret: "old", Topics: []string{"LABEL_CREATED"}})
			var starting sync.Mutex
			var process *os.Process
			var requests atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				kill := requests.Add(1) == killAt
				if !kill || carriedOut {
					api.ServeHTTP(w, r)
				}
				if kill {
					starting.Lock()
					process.Kill()
					starting.Unlock()
					panic(http.ErrAbortHandler)
				}
			}))
			dir := t.TempDir()
			run := func(args ...string) error {
				cmd := exec.Command(binary, append([]string{"webhooks", "rotate", old}, args...)...)
				cmd.Dir = dir
				cmd.Env = []string{"HOME=" + dir, "LABELBOX_API_KEY=" + apiKey, "LABELBOX_API_URL=" + server.URL + "/graphql"}
				starting.Lock()
				err := cmd.Start()
				process = cmd.Process
				starting.Unlock()
				if err != nil {
					return err
				}
				return cmd.Wait()
			}
			first := run("--generate-secret")
			if first != nil && requests.Load() < killAt {
				t.Fatalf("the first run failed by itself: %v", first)
			}
			if api.Webhooks()[0].Status != "ACTIVE" {
				t.Errorf("killed at %d, the old one delivers no longer", killAt)
			}
			if _, err := os.Stat(filepath.Join(dir, defaultSecretFile)); first != nil && err != nil {
				first = run("--generate-secret") // nothing was begun
			} else if first != nil {
				first = run()
			}
			second := run("--confirm")
			if second != nil {
				second = run("--confirm")
			}
			server.Close()
			all := api.Webhooks()
			text, _ := os.ReadFile(filepath.Join(dir, defaultSecretFile))
			if first != nil || second != nil || len(all) != 2 || all[0].Status != "INACTIVE" || all[1].Status != "ACTIVE" || all[1].Secret != strings.TrimSpace(string(text)) {
				t.Errorf("killed at %d (carried out: %v): %v, %v: %+v", killAt, carriedOut, first, second, all)
			}
			if requests.Load() < killAt {
				break
			}
		}
	}
}
