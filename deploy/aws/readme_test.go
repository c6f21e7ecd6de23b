package aws_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/internal/test/moto"
	"github.com/labelhook/labelhook/internal/test/required"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	required.NoError(t, err)
	return string(text)
}

// commands are the lines of the README's shell blocks.
func commands(t *testing.T) []string {
	t.Helper()
	var lines []string
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(readme(t), -1) {
		lines = append(lines, strings.Split(strings.TrimSpace(block[1]), "\n")...)
	}
	if len(lines) == 0 {
		t.Fatal("there is no command in the README")
	}
	return lines
}

func TestEveryParameterIsDocumentedWithItsDefault(t *testing.T) {
	from := translation(t)
	documented := map[string][]string{} // name to default and meaning
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Z][A-Za-z]+)` \\| ([^|]*) ?\\| ([^|]+) \\|$").FindAllStringSubmatch(readme(t), -1) {
		documented[row[1]] = []string{strings.TrimSpace(row[2]), row[3]}
	}
	for name, p := range from.Parameters {
		row, found := documented[name]
		if !found {
			t.Errorf("the README does not say what the parameter %s is for", name)
			continue
		}
		delete(documented, name)
		if p.Description == "" {
			t.Errorf("the parameter %s has no description", name)
		}
		want := ""
		switch value := p.Default.(type) {
		case string:
			want = value
		case float64:
			want = strconv.FormatFloat(value, 'f', -1, 64)
		}
		if got := strings.Trim(row[0], "`"); got != want && !(want == "" && strings.HasPrefix(got, "a new ")) {
			t.Errorf("the README gives %s the default %q, the template %q", name, got, want)
		}
		for _, value := range p.AllowedValues {
			if text, isText := value.(string); isText && !strings.Contains(row[0]+row[1], "`"+text+"`") {
				t.Errorf("the README does not mention the value %s of %s", text, name)
			}
		}
	}
	for name := range documented {
		t.Errorf("the README documents a parameter %s, which the template does not have", name)
	}
}

// What is written in code and looks like a name of the template's is one.
func TestReadmeNamesOnlyWhatTheTemplateHas(t *testing.T) {
	from := translation(t)
	names := 0
	for _, m := range regexp.MustCompile("`([A-Z][a-z]+[A-Z][A-Za-z]+)`").FindAllStringSubmatch(readme(t), -1) {
		names++
		_, isParameter := from.Parameters[m[1]]
		_, isResource := from.Resources[m[1]]
		isValue := slices.Contains(from.Parameters["Endpoint"].AllowedValues, any(m[1]))
		if !isParameter && !isResource && !isValue {
			t.Errorf("the README names %s, which the template does not have", m[1])
		}
	}
	outputs := 0
	for _, line := range commands(t) {
		for _, m := range regexp.MustCompile(`(?:^|\()output ([A-Za-z]+)`).FindAllStringSubmatch(line, -1) {
			outputs++
			if o, found := from.Outputs[m[1]]; !found || o.Description == "" {
				t.Errorf("there is no output %s with a description: %s", m[1], line)
			}
		}
	}
	if names == 0 || outputs == 0 {
		t.Errorf("found %d names and %d outputs", names, outputs)
	}
}

// Every way to upload the function takes what sam build has made, or fails:
// never the repository itself, .git and all.
func TestNothingIsDeployedWithoutABuild(t *testing.T) {
	required.Program(t, "aws", "pip install awscli")
	moto.Start(t)
	t.Setenv("AWS_DEFAULT_REGION", moto.Region)
	shell(t, "aws s3 mb s3://code")
	root := t.TempDir() // a clone, as far as the template is concerned
	template, err := os.ReadFile("../../template.yaml")
	required.NoError(t, err)
	write := func(name string, text []byte) {
		t.Helper()
		path := filepath.Join(root, name)
		required.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		required.NoError(t, os.WriteFile(path, text, 0o700))
	}
	write("template.yaml", template)
	write("README.md", []byte("what must not be uploaded"))
	upload := func() string {
		return shell(t, "cd '"+root+"' && aws cloudformation package --template-file template.yaml --s3-bucket code 2>&1 || true")
	}
	uploaded := func() string { return shell(t, "aws s3 ls s3://code || true") }

	if out := upload(); !strings.Contains(out, "does not exist") || !strings.Contains(out, ".aws-sam/build/Receiver") {
		t.Errorf("without a build: %s", out)
	}
	if all := uploaded(); all != "" {
		t.Errorf("without a build this is uploaded: %s", all)
	}
	write(".aws-sam/build/Receiver/bootstrap", []byte("program"))
	write(".aws-sam/build/WorkerFunction/bootstrap", []byte("program"))
	if out := upload(); !strings.Contains(out, "CodeUri: s3://code/") {
		t.Errorf("after a build: %s", out)
	}
	if all := uploaded(); strings.Count(all, "\n") != 0 || all == "" {
		t.Errorf("after a build this is uploaded: %s", all)
	}
}

// What is written down builds before it deploys.
func TestCommandsBuildBeforeTheyDeploy(t *testing.T) {
	documents, err := filepath.Glob("../../docs/*.md")
	required.NoError(t, err)
	deployments := 0
	for _, path := range append(documents, "README.md", "samconfig.toml", "Makefile", "../../README.md", "../../template.yaml", "../../Makefile") {
		text, err := os.ReadFile(path)
		required.NoError(t, err)
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, "sam deploy") {
				deployments++
				if strings.Count(line, "sam deploy") != strings.Count(line, "sam build && sam deploy") {
					t.Errorf("%s: %s", path, line)
				}
			}
		}
	}
	if deployments == 0 {
		t.Error("nothing says how to deploy")
	}
}

func TestReadmeNamesFilesThatExist(t *testing.T) {
	for _, line := range commands(t) {
		if _, file, found := strings.Cut(line, "--config-file "); found {
			if _, err := os.Stat(filepath.Join("../..", strings.Fields(file)[0])); err != nil {
				t.Errorf("%s: %v", line, err)
			}
		}
	}
}

// The README's commands name the stack that the settings deploy.
func TestSettingsAreThoseOfTheCommands(t *testing.T) {
	python := required.Program(t, "python3", "apt-get install python3")
	out, err := exec.Command(python, "-c", "import json, tomllib; print(json.dumps(tomllib.load(open('samconfig.toml', 'rb'))))").Output()
	if err != nil {
		t.Fatalf("samconfig.toml is no TOML: %v", err)
	}
	var settings struct {
		Default struct {
			Deploy struct {
				Parameters struct {
					StackName    string `json:"stack_name"`
					TemplateFile string `json:"template_file"`
					Capabilities string
					ResolveS3    bool `json:"resolve_s3"`
				}
			}
		}
	}
	required.NoError(t, json.Unmarshal(out, &settings))
	got := settings.Default.Deploy.Parameters
	if got.TemplateFile != ".aws-sam/build/template.yaml" {
		t.Errorf("sam deploy would take %q, which needs no build", got.TemplateFile)
	}
	if got.Capabilities != "CAPABILITY_IAM" || !got.ResolveS3 {
		t.Errorf("sam deploy would lack what it needs: %+v", got)
	}
	for _, line := range commands(t) {
		if _, name, found := strings.Cut(line, "--stack-name "); found && strings.Fields(name)[0] != got.StackName {
			t.Errorf("the stack is called %s: %s", got.StackName, line)
		}
	}
}

// TestReadmeCommands runs most of them; no shell stumbles over any.
func TestReadmeCommandsAreValid(t *testing.T) {
	cmd := exec.Command(required.Program(t, "bash", "apt-get install bash"), "-n")
	cmd.Stdin = strings.NewReader(strings.Join(commands(t), "\n"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestReadmeProgramBuilds(t *testing.T) {
	programs := regexp.MustCompile("(?s)```go\n(package main\n.*?)```").FindAllStringSubmatch(readme(t), -1)
	if len(programs) == 0 {
		t.Fatal("there is no program in the README")
	}
	for _, program := range programs {
		file := filepath.Join(t.TempDir(), "main.go")
		required.NoError(t, os.WriteFile(file, []byte(program[1]), 0o600))
		if out, err := exec.Command("go", "vet", file).CombinedOutput(); err != nil {
			t.Errorf("a program does not build: %s", out)
		}
	}
}
