package gcp_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// cloud is Google's APIs as far as gcloud calls them for the two scripts, over
// resources in memory. What a real API refuses because it is absent, present
// already or still in use, it refuses too.
type cloud struct {
	*httptest.Server
	t *testing.T

	mu        sync.Mutex
	resources map[string]object   // by API and name, as in "secretmanager/projects/acme-ml/secrets/s"
	versions  map[string][]string // a secret's payloads; version 1 is the first
	policies  map[string][]string // by resource, lines of role and member
	filled    map[string]bool     // the buckets that hold objects
	uploads   [][]byte
	calls     []call

	// refuse answers instead of the API with its status and message, when the
	// status is not 0.
	refuse func(call) (status int, message string)
}

type object = map[string]any

// call is one request, the API's name at the start of its path.
type call struct {
	method, path, query string
	body                object
}

func (c call) String() string { return c.method + " " + c.path }

// changes says whether the call is for changing something.
func (c call) changes() bool {
	return c.method != "GET" && !strings.HasSuffix(c.path, "etIamPolicy") && !strings.HasSuffix(c.path, ":testIamPermissions")
}

// project is the one that all tests deploy to.
const project = "acme-ml"

func newCloud(t *testing.T) *cloud {
	c := &cloud{t: t, resources: map[string]object{}, versions: map[string][]string{}, policies: map[string][]string{}}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

// environment points gcloud to this cloud, each API at a path of its own.
func (c *cloud) environment() []string {
	env := []string{"CLOUDSDK_AUTH_DISABLE_CREDENTIALS=true", "CLOUDSDK_CORE_DISABLE_PROMPTS=1", "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING=true",
		"CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK=true"}
	for _, api := range []string{"artifactregistry", "cloudbuild", "cloudfunctions", "cloudresourcemanager", "iam", "monitoring", "pubsub", "run", "secretmanager", "serviceusage", "storage"} {
		env = append(env, "CLOUDSDK_API_ENDPOINT_OVERRIDES_"+strings.ToUpper(api)+"="+c.URL+"/"+api+"/")
	}
	return env
}

// changed lists the calls that change something since the last time, and
// forgets them all.
func (c *cloud) changed() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var changed []string
	for _, call := range c.calls {
		if call.changes() {
			changed = append(changed, call.String())
		}
	}
	c.calls = nil
	return changed
}

// settle parts what a test does to the model from what gcloud does to it, before
// and after gcloud runs, so that tests need no lock. Because the two meet in
// another process, the race detector cannot see that they never overlap.
func (c *cloud) settle() {
	c.mu.Lock()
	defer c.mu.Unlock()
}

// names lists what there is.
func (c *cloud) names() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.resources))
}

// answer is what ends the serving of a call early.
type answer struct {
	status  int
	message string
}

func absent(name string) answer { return answer{http.StatusNotFound, "Resource not found: " + name} }

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	content, _ := io.ReadAll(r.Body)
	in := call{method: r.Method, path: strings.TrimPrefix(r.URL.Path, "/"), query: r.URL.RawQuery}
	if in.method == "PUT" && in.path == "upload" {
		c.uploads = append(c.uploads, content)
		return
	}
	json.Unmarshal(content, &in.body)
	c.calls = append(c.calls, in)
	defer func() {
		switch problem := recover().(type) {
		case nil:
		case answer:
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(problem.status)
			json.NewEncoder(w).Encode(object{"error": object{"code": problem.status, "message": problem.message,
				"status": map[int]string{403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ALREADY_EXISTS", 400: "INVALID_ARGUMENT"}[problem.status]}})
		default:
			panic(problem)
		}
	}()
	if c.refuse != nil {
		if status, message := c.refuse(in); status != 0 {
			panic(answer{status, message})
		}
	}
	out := c.serve(in, r)
	if out == nil {
		c.t.Errorf("the model of Google's APIs does not know %s?%s %s", in, in.query, content)
		panic(answer{http.StatusNotImplemented, "not modelled"})
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(out)
}

// serve finds the API by the path, without its version.
func (c *cloud) serve(in call, r *http.Request) object {
	api, name, _ := strings.Cut(in.path, "/")
	name, verb, _ := strings.Cut(name, ":")
	if api != "storage" {
		_, name, _ = strings.Cut(name, "/")
	} else if bucket, found := strings.CutSuffix(name, "/iam"); found {
		name, verb = bucket, map[string]string{"GET": "getIamPolicy", "PUT": "setIamPolicy"}[in.method]
	}
	key := api + "/" + name
	switch verb {
	case "getIamPolicy":
		c.mustHave(key)
		return c.policy(key)
	case "setIamPolicy":
		c.mustHave(key)
		policy := in.body
		if inner, ok := in.body["policy"].(object); ok {
			policy = inner
		}
		c.setPolicy(key, policy)
		return c.policy(key)
	}
	switch api {
	case "serviceusage":
		return c.services(in, name, verb)
	case "secretmanager":
		return c.secrets(in, key, verb, r)
	case "iam":
		return c.accounts(in, key, name)
	case "pubsub":
		return c.topics(in, key, name, verb)
	case "storage":
		return c.buckets(in, key, r)
	case "monitoring":
		return c.alarms(in, key, name)
	case "cloudresourcemanager":
		return object{"projectId": project, "projectNumber": "123456789012", "lifecycleState": "ACTIVE"}
	case "cloudfunctions":
		return c.functions(in, key, name, r)
	}
	return nil
}

func (c *cloud) mustHave(key string) {
	// projects and the service behind a function are not of our making
	if c.resources[key] == nil && !strings.HasPrefix(key, "cloudresourcemanager/") && !strings.HasPrefix(key, "run/") {
		panic(absent(key))
	}
}

// create adds a resource that must not be there yet.
func (c *cloud) create(key string, of object) object {
	if c.resources[key] != nil {
		panic(answer{http.StatusConflict, "Resource already exists: " + key})
	}
	c.resources[key] = of
	return of
}

func (c *cloud) remove(key string) object {
	c.mustHave(key)
	delete(c.resources, key)
	delete(c.versions, key)
	delete(c.policies, key)
	return object{}
}

// list is all resources below a prefix.
func (c *cloud) list(prefix string) []object {
	found := []object{}
	for _, key := range slices.Sorted(maps.Keys(c.resources)) {
		if strings.HasPrefix(key, prefix) {
			found = append(found, c.resources[key])
		}
	}
	return found
}

func (c *cloud) policy(key string) object {
	bindings := []object{}
	for _, line := range c.policies[key] {
		role, member, _ := strings.Cut(line, " ")
		bindings = append(bindings, object{"role": role, "members": []string{member}})
	}
	return object{"bindings": bindings, "etag": "BwX=", "version": 1}
}

func (c *cloud) setPolicy(key string, policy object) {
	var lines []string
	bindings, _ := policy["bindings"].([]any)
	for _, b := range bindings {
		binding := b.(object)
		for _, member := range binding["members"].([]any) {
			if account, found := strings.CutPrefix(member.(string), "serviceAccount:"); found && !strings.HasSuffix(account, "@gcp-sa-pubsub.iam.gserviceaccount.com") && c.resources["iam/projects/"+project+"/serviceAccounts/"+account] == nil {
				panic(answer{http.StatusBadRequest, "Service account " + account + " does not exist."})
			}
			lines = append(lines, binding["role"].(string)+" "+member.(string))
		}
	}
	slices.Sort(lines)
	c.policies[key] = lines
}

func (c *cloud) services(in call, name, verb string) object {
	switch {
	case verb == "batchEnable":
		return object{"name": "operations/noop.DONE_OPERATION", "done": true, "response": object{}}
	case in.method == "GET" && strings.Contains(name, "/services/"):
		return object{"name": name, "state": "ENABLED"}
	}
	return nil
}

func (c *cloud) secrets(in call, key, verb string, r *http.Request) object {
	switch {
	case strings.HasSuffix(key, "/secrets") && in.method == "GET":
		return object{"secrets": c.list(key + "/")}
	case strings.HasSuffix(key, "/secrets"):
		id := r.URL.Query().Get("secretId")
		in.body["name"] = strings.TrimPrefix(key, "secretmanager/") + "/" + id
		return c.create(key+"/"+id, in.body)
	case verb == "addVersion":
		c.mustHave(key)
		payload := in.body["payload"].(object)
		data, _ := base64.StdEncoding.DecodeString(payload["data"].(string))
		if payload["dataCrc32c"] != checksum(data) {
			panic(answer{http.StatusBadRequest, "the checksum of the payload is wrong"})
		}
		c.versions[key] = append(c.versions[key], string(data))
		return object{"name": fmt.Sprintf("%s/versions/%d", strings.TrimPrefix(key, "secretmanager/"), len(c.versions[key])), "state": "ENABLED", "clientSpecifiedPayloadChecksum": true}
	case verb == "access":
		secret, number, _ := strings.Cut(key, "/versions/")
		var n int
		if fmt.Sscan(number, &n); n < 1 || n > len(c.versions[secret]) {
			panic(absent(key))
		}
		data := []byte(c.versions[secret][n-1])
		return object{"name": key, "payload": object{"data": base64.StdEncoding.EncodeToString(data), "dataCrc32c": checksum(data)}}
	case strings.HasSuffix(key, "/versions"):
		secret := strings.TrimSuffix(key, "/versions")
		c.mustHave(secret)
		found := []object{} // newest first, as the API does
		for n := len(c.versions[secret]); n > 0; n-- {
			found = append(found, object{"name": fmt.Sprintf("%s/%d", strings.TrimPrefix(key, "secretmanager/"), n), "state": "ENABLED", "createTime": "2026-11-01T00:00:00Z"})
		}
		return object{"versions": found}
	case in.method == "GET":
		c.mustHave(key)
		return c.resources[key]
	case in.method == "DELETE":
		return c.remove(key)
	}
	return nil
}

func checksum(data []byte) string {
	return fmt.Sprint(crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)))
}

func (c *cloud) accounts(in call, key, name string) object {
	key = strings.Replace(key, "/projects/-/", "/projects/"+project+"/", 1)
	switch in.method {
	case "POST":
		email := in.body["accountId"].(string) + "@" + project + ".iam.gserviceaccount.com"
		account := in.body["serviceAccount"].(object)
		account["email"], account["name"] = email, name+"/"+email
		return c.create(key+"/"+email, account)
	case "GET":
		c.mustHave(key)
		return c.resources[key]
	case "DELETE":
		return c.remove(key)
	}
	return nil
}

func (c *cloud) alarms(in call, key, name string) object {
	switch {
	case in.method == "POST":
		in.body["name"] = name + "/1"
		return c.create(key+"/1", in.body)
	case in.method == "DELETE":
		return c.remove(key)
	case strings.HasSuffix(name, "/alertPolicies"):
		return object{"alertPolicies": c.list(key + "/")}
	case in.method == "GET":
		c.mustHave(key)
		return c.resources[key]
	}
	return nil
}

func (c *cloud) topics(in call, key, name, verb string) object {
	topic, of, _ := strings.Cut(name, "/subscriptions")
	switch {
	case verb == "modifyPushConfig":
		c.mustHave(key)
		c.resources[key]["pushConfig"] = in.body["pushConfig"]
		return object{}
	case in.method == "PUT":
		if topic, ok := in.body["topic"].(string); ok {
			c.mustHave("pubsub/" + topic)
		}
		in.body["name"] = name
		return c.create(key, in.body)
	case in.method == "DELETE":
		return c.remove(key)
	case strings.HasSuffix(name, "/topics"):
		return object{"topics": c.list(key + "/")}
	case strings.Contains(topic, "/topics/") && of == "" && strings.HasSuffix(name, "/subscriptions"):
		c.mustHave("pubsub/" + topic)
		names := []any{}
		for _, subscription := range c.list("pubsub/projects/" + project + "/subscriptions/") {
			if subscription["topic"] == topic {
				names = append(names, subscription["name"])
			}
		}
		return object{"subscriptions": names}
	case strings.HasSuffix(name, "/subscriptions"):
		return object{"subscriptions": c.list(key + "/")}
	case in.method == "GET":
		c.mustHave(key)
		return c.resources[key]
	}
	return nil
}

func (c *cloud) buckets(in call, key string, r *http.Request) object {
	switch {
	case key == "storage/b" && in.method == "POST":
		name := in.body["name"].(string)
		in.body["id"], in.body["kind"], in.body["metageneration"] = name, "storage#bucket", "1"
		return c.create("storage/b/"+name, in.body)
	case key == "storage/b":
		return object{"kind": "storage#buckets", "items": c.list("storage/b/")}
	case in.method == "GET":
		c.mustHave(key)
		return c.resources[key]
	case in.method == "PATCH":
		c.mustHave(key)
		maps.Copy(c.resources[key], in.body)
		return c.resources[key]
	case in.method == "DELETE":
		if c.filled[strings.TrimPrefix(key, "storage/b/")] {
			panic(answer{http.StatusConflict, "The bucket you tried to delete is not empty."})
		}
		return c.remove(key)
	}
	return nil
}

func (c *cloud) functions(in call, key, name string, r *http.Request) object {
	region := "projects/" + project + "/locations/us-central1"
	operation := func(response object) object {
		return object{"name": region + "/operations/1", "done": true, "response": response,
			"metadata": object{"@type": "type.googleapis.com/google.cloud.functions.v2.OperationMetadata"}}
	}
	switch {
	case strings.HasSuffix(name, "/runtimes"):
		return object{"runtimes": []object{{"name": "go126", "environment": "GEN_2", "stage": "GA"}, {"name": "go127", "environment": "GEN_2", "stage": "GA"}}}
	case strings.HasSuffix(in.path, ":generateUploadUrl"):
		return object{"uploadUrl": c.URL + "/upload", "storageSource": object{"bucket": "uploads", "object": fmt.Sprint(len(c.uploads))}}
	case in.method == "POST":
		id := r.URL.Query().Get("functionId")
		return operation(c.create(key+"/"+id, deployed(region, id, in.body)))
	case in.method == "PATCH":
		c.mustHave(key)
		for _, path := range strings.Split(r.URL.Query().Get("updateMask"), ",") {
			take(c.resources[key], in.body, strings.Split(camel(path), "."))
		}
		return operation(c.resources[key])
	case in.method == "DELETE":
		return operation(c.remove(key))
	case strings.Contains(name, "/operations/"):
		return operation(object{})
	case in.method == "GET":
		c.mustHave(key)
		return c.resources[key]
	}
	return nil
}

// camel spells a field_name as JSON does.
func camel(path string) string {
	return regexp.MustCompile("_[a-z]").ReplaceAllStringFunc(path, func(s string) string { return strings.ToUpper(s[1:]) })
}

// take takes over the one field that the path of an update mask names.
func take(of, from object, path []string) {
	if len(path) > 1 {
		inner, _ := from[path[0]].(object)
		take(of[path[0]].(object), inner, path[1:])
	} else if value, ok := from[path[0]]; ok {
		of[path[0]] = value
	} else {
		delete(of, path[0])
	}
}

// deployed is what the API makes of a function.
func deployed(region, id string, function object) object {
	function["name"] = region + "/functions/" + id
	function["state"], function["environment"] = "ACTIVE", "GEN_2"
	function["url"] = "https://us-central1-" + project + ".cloudfunctions.net/" + id
	config := function["serviceConfig"].(object)
	config["service"], config["uri"] = region+"/services/"+id, "https://"+id+"-abc-uc.a.run.app"
	return function
}
