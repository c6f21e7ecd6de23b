package gcp_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/internal/test/required"
)

// What the tests look for in the cloud.
const (
	function  = "cloudfunctions/projects/acme-ml/locations/us-central1/functions/labelhook"
	invoker   = "run/projects/acme-ml/locations/us-central1/services/labelhook"
	secret    = "secretmanager/projects/acme-ml/secrets/labelhook-webhook-secret"
	accounts  = "iam/projects/acme-ml/serviceAccounts/"
	onProject = "cloudresourcemanager/projects/acme-ml"
	url       = "https://us-central1-acme-ml.cloudfunctions.net/labelhook\n"
	runner    = "serviceAccount:labelhook-run@acme-ml.iam.gserviceaccount.com"
	builder   = "serviceAccount:labelhook-build@acme-ml.iam.gserviceaccount.com"
)

// redeployed is all that a deployment changes where everything is there.
var redeployed = []string{
	"POST serviceusage/v1/projects/acme-ml/services:batchEnable",
	"POST cloudfunctions/v2/projects/acme-ml/locations/us-central1/functions:generateUploadUrl",
	"PATCH cloudfunctions/v2/projects/acme-ml/locations/us-central1/functions/labelhook",
}

// The life of a deployment with nothing there before: first, again, rotated,
// and removed.
func TestDeployFromNothing(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	s := newShell(t, c)

	unknown := 2 // times that Google does not yet know a new account
	c.refuse = func(in call) (int, string) {
		if unknown > 0 && strings.HasSuffix(in.path, "labelhook-webhook-secret:setIamPolicy") {
			unknown--
			return http.StatusBadRequest, "Service account labelhook-run@acme-ml.iam.gserviceaccount.com does not exist."
		}
		return 0, ""
	}
	first := s.must("first-secret\n", "deploy.sh", here("--secret-stdin")...)
	c.refuse = nil
	if first.out != url {
		t.Errorf("stdout %q, want the URL alone", first.out)
	}
	if want := "labelhook check " + url; !strings.Contains(first.err, want) {
		t.Errorf("the next step is not named: %s", first.err)
	}
	wantVersions(t, c, "first-secret")
	golden(t, "function.golden", request(t, c))
	want := []string{function, accounts + "labelhook-build@acme-ml.iam.gserviceaccount.com", accounts + "labelhook-run@acme-ml.iam.gserviceaccount.com",
		"pubsub/projects/acme-ml/subscriptions/labelhook", "pubsub/projects/acme-ml/topics/labelhook", secret}
	if !slices.Equal(c.names(), want) {
		t.Errorf("made %q", c.names())
	}
	rights := map[string][]string{
		invoker:   {"roles/run.invoker allUsers"},
		secret:    {"roles/secretmanager.secretAccessor " + runner},
		onProject: {"roles/cloudbuild.builds.builder " + builder},
		"pubsub/projects/acme-ml/topics/labelhook": {"roles/pubsub.publisher " + runner},
	}
	if !reflect.DeepEqual(c.policies, rights) {
		t.Errorf("rights %v", c.policies)
	}
	staged := t.TempDir()
	if out, err := exec.Command("./stage.sh", filepath.Join(staged, "source")).CombinedOutput(); err != nil {
		t.Fatalf("stage.sh: %v: %s", err, out)
	}
	if got, want := archive(t, c), files(t, os.DirFS(filepath.Join(staged, "source"))); !reflect.DeepEqual(got, want) {
		t.Errorf("the archive is not what stage.sh makes")
	}

	c.changed()
	before := request(t, c)
	s.must("first-secret", "deploy.sh", here("--secret-stdin")...)
	if changed := c.changed(); !slices.Equal(changed, redeployed) {
		t.Errorf("the second time changed %q", changed)
	}
	if !slices.Equal(c.names(), want) || !reflect.DeepEqual(c.policies, rights) || request(t, c) != before {
		t.Errorf("after the second time: %q %v %s", c.names(), c.policies, request(t, c))
	}

	s.must("second-secret", "deploy.sh", here("--secret-stdin")...)
	wantVersions(t, c, "first-secret", "second-secret")
	wantPinned(t, c, "LABELBOX_WEBHOOK_SECRET=2", "LABELBOX_WEBHOOK_SECRET_PREVIOUS=1")
	c.changed()
	s.must("", "deploy.sh", here("--keep-invoker")...) // must not cut off who signs with the first
	wantPinned(t, c, "LABELBOX_WEBHOOK_SECRET=2", "LABELBOX_WEBHOOK_SECRET_PREVIOUS=1")
	if changed := c.changed(); !slices.Equal(changed, redeployed) {
		t.Errorf("in the rotation changed %q", changed)
	}
	s.must("", "deploy.sh", here("--drop-previous", "--source="+module(t))...)
	wantPinned(t, c, "LABELBOX_WEBHOOK_SECRET=2")
	wantVersions(t, c, "first-secret", "second-secret")
	if strings.Contains(request(t, c), "LABELHOOK_DESTINATIONS") {
		t.Error("a function of the user's own keeps the destinations of labelhook's")
	}

	s.must("", "teardown.sh", here("--yes")...)
	if left := c.names(); len(left) > 0 {
		t.Errorf("left %q", left)
	}
	if left := c.policies[onProject]; len(left) > 0 {
		t.Errorf("left rights %q", left)
	}
	for _, secret := range []string{"first-secret", "second-secret"} {
		if strings.Contains(s.called(), secret) || strings.Contains(first.err, secret) {
			t.Errorf("%s is on a command line or printed", secret)
		}
	}
}

// A function of the user's own, with a mounted secret, beside a topic and a
// bucket that were there before; and an organisation that forbids allUsers.
func TestDeployBesideWhatIsThere(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	s := newShell(t, c)
	const (
		topic = "pubsub/projects/acme-ml/topics/labels"
		raw   = "storage/b/acme-raw"
		large = "storage/b/acme-large"
	)
	c.resources[topic] = object{"name": "projects/acme-ml/topics/labels"}
	c.resources["pubsub/projects/acme-ml/subscriptions/mine"] = object{"name": "projects/acme-ml/subscriptions/mine", "topic": "projects/acme-ml/topics/labels"}
	c.resources[raw] = object{"name": "acme-raw", "id": "acme-raw", "metageneration": "1"}
	c.policies[topic] = []string{"roles/pubsub.viewer user:ann@acme.dev"}
	there := c.names()

	source := module(t)
	flags := here("--source="+source, "--mount-secret", "--overflow=gs://acme-large",
		"--destinations=pubsub://acme-ml/labels?form=decoded gs://acme-raw/it's,here?form=decoded https://acme.dev/in?key=1")
	if r := s.must("", "deploy.sh", flags...); r.out != url {
		t.Errorf("stdout %q", r.out)
	}
	golden(t, "own-function.golden", request(t, c))
	made := c.versions[secret]
	if len(made) != 1 || !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(made[0]) {
		t.Fatalf("%d secrets made up, the last of %d bytes", len(made), len(made[len(made)-1]))
	}
	if got := archive(t, c); len(got) != 3 || got["function.go"] == "" {
		t.Errorf("the archive holds %d files", len(got))
	}
	for resource, right := range map[string]string{topic: "roles/pubsub.publisher ", raw: "roles/storage.objectCreator ", large: "roles/storage.objectCreator "} {
		if !slices.Contains(c.policies[resource], right+runner) {
			t.Errorf("%s: rights %q", resource, c.policies[resource])
		}
	}
	if _, made := c.resources["pubsub/projects/acme-ml/subscriptions/labels"]; made {
		t.Error("a second subscription was made")
	}

	c.refuse = func(in call) (int, string) {
		if strings.HasPrefix(in.path, "run/") && strings.HasSuffix(in.path, ":setIamPolicy") {
			return http.StatusBadRequest, "One or more users named in the policy do not belong to a permitted customer."
		}
		return 0, ""
	}
	refused := s.run("", "deploy.sh", append(flags, "--rotate")...)
	if refused.code != 1 || refused.out != "" || !strings.Contains(refused.err, "deploy.sh: error: ") || !strings.Contains(refused.err, "--keep-invoker") {
		t.Errorf("exit %d, %q, %s", refused.code, refused.out, refused.err)
	}
	c.refuse = nil
	if made = c.versions[secret]; len(made) != 2 || !strings.HasSuffix(made[1], "\n"+made[0]) || strings.Count(made[1], "\n") != 1 {
		t.Errorf("the mounted file holds not the new secret and the one before, in %d versions", len(made))
	}

	c.filled = map[string]bool{"acme-large": true}
	torn := s.must("", "teardown.sh", here("--yes")...)
	if want := slices.Sorted(slices.Values(append(there, large))); !slices.Equal(c.names(), want) {
		t.Errorf("left %q, want %q", c.names(), want)
	}
	if !strings.Contains(torn.err, "acme-large holds objects and is kept") {
		t.Errorf("the bucket that is kept is not named: %s", torn.err)
	}
	if want := []string{"roles/pubsub.viewer user:ann@acme.dev"}; !slices.Equal(c.policies[topic], want) || len(c.policies[raw]) != 0 {
		t.Errorf("rights left: %q, %q", c.policies[topic], c.policies[raw])
	}
}

func TestRefusalIsSaid(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	s := newShell(t, c)
	c.refuse = func(call) (int, string) { return http.StatusForbidden, "Billing is not enabled." }
	for script, flags := range map[string][]string{"deploy.sh": here(), "teardown.sh": here("--yes")} {
		r := s.run("", script, flags...)
		if r.code != 1 || r.out != "" || !strings.Contains(r.err, "Billing is not enabled.") || !strings.Contains(r.err, script+": error: could not ") {
			t.Errorf("%s: exit %d, %q, %s", script, r.code, r.out, r.err)
		}
		if changed := c.changed(); len(changed) > 1 {
			t.Errorf("%s went on: %q", script, changed)
		}
	}
}

// request is what the function was deployed with, but for where its source is.
func request(t *testing.T, c *cloud) string {
	deployed := c.resources[function]
	if deployed == nil {
		t.Fatal("no function is deployed")
	}
	build := deployed["buildConfig"].(object)
	text, err := json.MarshalIndent(object{"serviceConfig": deployed["serviceConfig"], "buildConfig": object{"entryPoint": build["entryPoint"],
		"runtime": build["runtime"], "serviceAccount": build["serviceAccount"], "environmentVariables": build["environmentVariables"]}}, "", "  ")
	required.NoError(t, err)
	return string(text) + "\n"
}

func wantVersions(t *testing.T, c *cloud, want ...string) {
	t.Helper()
	if got := c.versions[secret]; !slices.Equal(got, want) {
		t.Errorf("the secret's versions are %q, want %q", got, want)
	}
}

// wantPinned compares the secrets that the function has, as VARIABLE=VERSION.
func wantPinned(t *testing.T, c *cloud, want ...string) {
	t.Helper()
	var got []string
	list, _ := c.resources[function]["serviceConfig"].(object)["secretEnvironmentVariables"].([]any)
	for _, item := range list {
		got = append(got, item.(object)["key"].(string)+"="+item.(object)["version"].(string))
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("the function has %q, want %q", got, want)
	}
}

// archive is what was uploaded last, by name.
func archive(t *testing.T, c *cloud) map[string]string {
	t.Helper()
	last := c.uploads[len(c.uploads)-1]
	zipped, err := zip.NewReader(bytes.NewReader(last), int64(len(last)))
	required.NoError(t, err)
	return files(t, zipped)
}

// files is all regular files below a folder, by name.
func files(t *testing.T, folder fs.FS) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := fs.WalkDir(folder, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(folder, path)
		found[path] = string(text)
		return err
	})
	required.NoError(t, err)
	return found
}

// A worker behind the topic: its function is nobody's but Pub/Sub's, what fails goes to
// a topic of its own. TestTeardownAsks removes one.
func TestDeployWorker(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	s := newShell(t, c)
	flags := here("--worker", "--worker-destinations=https://acme.dev/in?key=1", "--overflow=gs://acme-large", "--alarm-channel=77")
	first := s.must("", "deploy.sh", flags...)
	if first.out != url {
		t.Errorf("stdout %q, want the receiver's URL alone", first.out)
	}
	const (
		topics        = "pubsub/projects/acme-ml/topics/"
		subscriptions = "pubsub/projects/acme-ml/subscriptions/"
		agent         = "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"
		worker        = "serviceAccount:labelhook-work@acme-ml.iam.gserviceaccount.com"
		pusher        = "serviceAccount:labelhook-push@acme-ml.iam.gserviceaccount.com"
	)
	want := []string{function, function + "-worker"}
	for _, account := range []string{"build", "push", "run", "work"} {
		want = append(want, accounts+"labelhook-"+account+"@acme-ml.iam.gserviceaccount.com")
	}
	want = append(want, "monitoring/projects/acme-ml/alertPolicies/1", subscriptions+"labelhook-dead", subscriptions+"labelhook-worker",
		topics+"labelhook", topics+"labelhook-dead", secret, "storage/b/acme-large")
	if !slices.Equal(c.names(), want) {
		t.Errorf("made %q", c.names())
	}
	rights := map[string][]string{
		invoker:                            {"roles/run.invoker allUsers"},
		invoker + "-worker":                {"roles/run.invoker " + pusher},
		secret:                             {"roles/secretmanager.secretAccessor " + runner, "roles/secretmanager.secretAccessor " + worker},
		onProject:                          {"roles/cloudbuild.builds.builder " + builder},
		topics + "labelhook":               {"roles/pubsub.publisher " + runner},
		topics + "labelhook-dead":          {"roles/pubsub.publisher " + agent},
		subscriptions + "labelhook-worker": {"roles/pubsub.subscriber " + agent},
		"storage/b/acme-large":             {"roles/storage.objectCreator " + runner, "roles/storage.objectViewer " + worker},
	}
	if !reflect.DeepEqual(c.policies, rights) {
		t.Errorf("rights %v", c.policies)
	}
	made := object{"function": c.resources[function+"-worker"]["serviceConfig"], "subscription": c.resources[subscriptions+"labelhook-worker"],
		"dead": c.resources[subscriptions+"labelhook-dead"], "alarm": c.resources["monitoring/projects/acme-ml/alertPolicies/1"]}
	text, err := json.MarshalIndent(made, "", "  ")
	required.NoError(t, err)
	golden(t, "worker.golden", string(text)+"\n")
	for at, upload := range c.uploads { // the worker's first
		zipped, err := zip.NewReader(bytes.NewReader(upload), int64(len(upload)))
		required.NoError(t, err)
		if root := files(t, zipped)["function.go"]; strings.Contains(root, "gcp/worker") != (at == 0) {
			t.Errorf("upload %d has the root %s", at, root)
		}
	}

}

func TestWorkerFlags(t *testing.T) {
	t.Parallel()
	s := bare(t, "exit 1")
	for flags, want := range map[string]string{
		"--worker-destinations=log:":                                   "--worker is missing",
		"--worker --destinations=gs://acme-raw/x":                      "no topic of acme-ml is in --destinations",
		"--worker --destinations=pubsub://other/labels":                "no topic of acme-ml is in --destinations",
		"--worker --destinations=pubsub://acme-ml/labels?form=decoded": "needs the exact bytes",
		"--worker --worker-destinations=pubsub://acme-ml/labelhook":    "would send to the topic that it takes from",
		"--worker --worker-destinations=http://acme.dev/hidden":        "in the clear",
		"--worker --worker-root=nowhere.go":                            "is no Go file",
		"--worker --alarm-channel=ann@acme.dev":                        "is not a channel",
		"--worker=yes":                                                 "takes no value",
		"--worker --source=" + module(t):                               "no topic of acme-ml is in --destinations",
	} {
		r := s.run("", "deploy.sh", here(strings.Fields(flags)...)...)
		if r.code != 2 || r.out != "" || !strings.Contains(r.err, want) || strings.Contains(r.err, "hidden") || s.called() != "" {
			t.Errorf("%s: exit %d, %q, %s", flags, r.code, r.out, r.err)
		}
	}
}
