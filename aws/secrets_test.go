package aws_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labelhook/labelhook/aws"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/test/moto"
	"github.com/labelhook/labelhook/internal/test/required"
)

// manager stands for Secrets Manager where moto is not: one secret with the
// stages that a test gives it.
type manager struct {
	mu     sync.Mutex
	stages map[string]stage
	asked  []string // stages
	ids    []string
	region string
}

// stage is a version, or the error that asking for it is answered.
type stage struct {
	text, binary string // binary in base64
	age          time.Duration
	status       int // of an error
	code         string
	raw          string // the whole answer, whatever else is set
}

func standIn(t testing.TB, stages map[string]stage) *manager {
	m := &manager{stages: stages}
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	moto.Use(t, server.URL)
	return m
}

func (m *manager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var request struct{ SecretId, VersionStage string }
	if r.Header.Get("X-Amz-Target") != "secretsmanager.GetSecretValue" || json.NewDecoder(r.Body).Decode(&request) != nil {
		w.WriteHeader(404)
		return
	}
	m.asked, m.ids = append(m.asked, request.VersionStage), append(m.ids, request.SecretId)
	m.region, _, _ = strings.Cut(r.Header.Get("Authorization"), "/secretsmanager/")
	m.region = m.region[strings.LastIndex(m.region, "/")+1:]
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	s, found := m.stages[request.VersionStage]
	if !found {
		s = stage{status: 400, code: "ResourceNotFoundException"}
	}
	switch {
	case s.raw != "":
		io.WriteString(w, s.raw)
	case s.status != 0:
		w.WriteHeader(s.status)
		fmt.Fprintf(w, `{"__type":%q,"message":"what AWS says\nin two lines."}`, s.code)
	default:
		value := map[string]any{"CreatedDate": float64(time.Now().Add(-s.age).UnixMilli()) / 1000}
		if s.text != "" {
			value["SecretString"] = s.text
		}
		if s.binary != "" {
			value["SecretBinary"] = s.binary
		}
		json.NewEncoder(w).Encode(value)
	}
}

// live returns which of the texts are live in the source.
func live(t testing.TB, source secret.Source, texts ...string) (found []string) {
	t.Helper()
	secrets, err := source.Secrets(t.Context())
	required.NoError(t, err)
	for _, text := range texts {
		s, err := secret.New(text)
		required.NoError(t, err)
		if core.Verify([]byte("body"), core.Sign([]byte("body"), s), secrets) == nil {
			found = append(found, text)
		}
	}
	if len(found) != len(secrets) {
		t.Errorf("%d secrets are live, %q among them", len(secrets), found)
	}
	return found
}

func source(t testing.TB, m aws.SecretsManager, id string) secret.Source {
	t.Helper()
	s, err := m.Secrets(id)
	required.NoError(t, err)
	return s
}

func TestBothStagesCountForAWhileAfterARotation(t *testing.T) {
	previous := stage{text: "old"}
	for name, test := range map[string]struct {
		window time.Duration
		age    time.Duration // of the current version
		before stage
		live   []string
		asked  int
	}{
		"just rotated":                      {0, 0, previous, []string{"new", "old"}, 2},
		"rotated within a day":              {0, 23*time.Hour + 55*time.Minute, previous, []string{"new", "old"}, 2},
		"rotated more than a day ago":       {0, 24*time.Hour + time.Minute, previous, []string{"new"}, 1},
		"within a window of one's own":      {time.Hour, 59 * time.Minute, previous, []string{"new", "old"}, 2},
		"after a window of one's own":       {time.Hour, 61 * time.Minute, previous, []string{"new"}, 1},
		"no window":                         {-1, 0, previous, []string{"new"}, 1},
		"clocks that differ":                {0, -time.Hour, previous, []string{"new", "old"}, 2},
		"never rotated":                     {0, 0, stage{status: 400, code: "ResourceNotFoundException"}, []string{"new"}, 2},
		"previous may not be read":          {0, 0, stage{status: 400, code: "AccessDeniedException"}, []string{"new"}, 2},
		"previous cannot be decrypted":      {0, 0, stage{status: 400, code: "DecryptionFailure"}, []string{"new"}, 2},
		"previous holds no usable secret":   {0, 0, stage{text: " "}, []string{"new"}, 2},
		"previous is not the JSON expected": {0, 0, stage{text: "{not JSON}"}, []string{"new"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			m := standIn(t, map[string]stage{"AWSCURRENT": {text: "new", age: test.age}, "AWSPREVIOUS": test.before})
			s := source(t, aws.SecretsManager{PreviousFor: test.window}, "labelbox")
			for range 2 { // fetched once
				if got := live(t, s, "new", "old"); !slices.Equal(got, test.live) {
					t.Errorf("live are %q, want %q", got, test.live)
				}
			}
			if len(m.asked) != test.asked || m.asked[0] != "AWSCURRENT" {
				t.Errorf("asked for %q", m.asked)
			}
		})
	}
}

func TestWhileNobodyCanSayWhatIsPreviousThereIsNoAnswer(t *testing.T) {
	for code, status := range map[string]int{"ThrottlingException": 400, "InternalServiceError": 500} {
		m := standIn(t, map[string]stage{"AWSCURRENT": {text: "new"}, "AWSPREVIOUS": {status: status, code: code}})
		s := source(t, aws.SecretsManager{}, "labelbox").(*secret.Cached)
		s.RetryEvery = 1
		if _, err := s.Secrets(t.Context()); !errors.Is(err, secret.ErrNone) || !strings.Contains(err.Error(), "secret labelbox: "+code) {
			t.Errorf("%s: got %v", code, err)
		}
		m.mu.Lock()
		delete(m.stages, "AWSPREVIOUS")
		m.mu.Unlock()
		if got := live(t, s, "new"); len(got) != 1 {
			t.Errorf("%s: live are %q after that", code, got)
		}
	}
}

func TestValuesOfEveryForm(t *testing.T) {
	for name, test := range map[string]struct {
		id   string
		made stage
		want string
	}{
		"text":                     {"labelbox", stage{text: "secret"}, "secret"},
		"text with a line break":   {"labelbox", stage{text: "secret\n"}, "secret"},
		"text with braces":         {"labelbox", stage{text: "{secret"}, "{secret"},
		"binary":                   {"labelbox", stage{binary: "c2VjcmV0"}, "secret"},
		"binary with a line break": {"labelbox", stage{binary: "c2VjcmV0Cg=="}, "secret"},
		"JSON with one field":      {"labelbox", stage{text: `{"any": "secret"}`}, "secret"},
		"JSON with one text":       {"labelbox", stage{text: "\n" + `{"any": "secret", "count": 1, "more": {"a": "b"}}` + "\n"}, "secret"},
		"JSON with our field":      {"labelbox", stage{text: `{"other": "x", "LABELBOX_WEBHOOK_SECRET": "secret"}`}, "secret"},
		"JSON with a named field":  {"labelbox#key", stage{text: `{"other": "x", "LABELBOX_WEBHOOK_SECRET": "y", "key": "secret"}`}, "secret"},
		"JSON in binary":           {"labelbox#key", stage{binary: "eyJrZXkiOiJzZWNyZXQiLCJhIjoiYiJ9"}, "secret"},
		"a line break in JSON":     {"labelbox", stage{text: `{"any": "secret\n"}`}, "secret"},
		"escapes in JSON":          {"labelbox", stage{text: `{"any": "\u0073ecret"}`}, "secret"},
	} {
		t.Run(name, func(t *testing.T) {
			m := standIn(t, map[string]stage{"AWSCURRENT": test.made})
			if got := live(t, source(t, aws.SecretsManager{}, test.id), test.want); len(got) != 1 {
				t.Errorf("not read as %q", test.want)
			}
			if m.ids[0] != "labelbox" {
				t.Errorf("asked for %q", m.ids)
			}
		})
	}
}

func TestValuesThatAreNoSecretAreRefusedWithoutBeingTold(t *testing.T) {
	for name, test := range map[string]struct{ id, text, want string }{
		"blank":                  {"labelbox", " ", "begins or ends with white space"},
		"line break alone":       {"labelbox", "\n", "the secret is empty; write the secret that was given to Labelbox"},
		"space around":           {"labelbox", "tell-tale ", "white space"},
		"two texts":              {"labelbox", `{"tell-tale": "tell-tale", "b": "tell-tale"}`, "has 2 text fields; say which with an id that ends in #FIELD"},
		"no text":                {"labelbox", `{"tell-tale": 1}`, "has 0 text fields"},
		"empty JSON":             {"labelbox", `{}`, "has 0 text fields"},
		"empty field":            {"labelbox", `{"a": ""}`, "the secret is empty"},
		"no such field":          {"labelbox#key", `{"tell-tale": "tell-tale"}`, `no text field "key"`},
		"field of another kind":  {"labelbox#key", `{"key": ["tell-tale"]}`, `no text field "key"`},
		"a field of no JSON":     {"labelbox#key", "tell-tale", "drop #key"},
		"JSON that is not valid": {"labelbox", `{"a": "tell-tale",}`, "not valid JSON"},
		"a name twice":           {"labelbox", `{"a": "tell-tale", "a": "tell-tale"}`, "not valid JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			standIn(t, map[string]stage{"AWSCURRENT": {text: test.text}})
			_, err := source(t, aws.SecretsManager{}, test.id).Secrets(t.Context())
			if !errors.Is(err, secret.ErrNone) || !strings.Contains(err.Error(), "secret labelbox: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
			if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "tell-tale") {
				t.Errorf("the value is in %v", err)
			}
		})
	}
}

func TestBinaryValuesThatAreNoSecretAreRefused(t *testing.T) {
	for want, value := range map[string][]byte{
		"has NUL bytes in it; write the secret exactly": make([]byte, 32),
		"is saved as UTF-16; save it as UTF-8":          []byte("\xff\xfea\x00b\x00"),
		"is not valid UTF-8 text":                       {0xff, 0x80, 0x81},
		"stands in quotation marks":                     []byte(`"opensesame"`),
		"is a JSON document":                            []byte(`["opensesame"]`),
	} {
		standIn(t, map[string]stage{"AWSCURRENT": {binary: base64.StdEncoding.EncodeToString(value)}})
		_, err := source(t, aws.SecretsManager{}, "labelbox").Secrets(t.Context())
		if !errors.Is(err, secret.ErrNone) || !strings.Contains(err.Error(), "secret labelbox: the secret "+want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestErrorsOfSecretsManagerSayWhatToDo(t *testing.T) {
	for code, test := range map[string]struct {
		status int
		asked  int // once, or as often as it is worth
		remedy string
	}{
		"AccessDeniedException":       {400, 1, "allow this process secretsmanager:GetSecretValue on it"},
		"ResourceNotFoundException":   {400, 1, "create it in this region and account"},
		"InvalidRequestException":     {400, 1, "aws secretsmanager restore-secret"},
		"DecryptionFailure":           {400, 1, "allow this process kms:Decrypt"},
		"UnrecognizedClientException": {400, 1, "valid AWS credentials"},
		"InternalServiceError":        {500, 3, ""},
		"ThrottlingException":         {400, 3, ""},
	} {
		t.Run(code, func(t *testing.T) {
			m := standIn(t, map[string]stage{"AWSCURRENT": {status: test.status, code: code}})
			_, err := source(t, aws.SecretsManager{}, "labelbox").Secrets(t.Context())
			want := "secret labelbox: " + code + ": what AWS says in two lines"
			if !errors.Is(err, secret.ErrNone) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), test.remedy) {
				t.Errorf("got %v", err)
			}
			if len(m.asked) != test.asked {
				t.Errorf("asked %d times, want %d", len(m.asked), test.asked)
			}
		})
	}
}

func TestAnAnswerThatCannotBeReadIsNotRepeated(t *testing.T) {
	for _, raw := range []string{`{"SecretString":"tell-tale`, `{"SecretString":{"tell-tale":1}}`, `tell-tale`, `{"SecretBinary":"tell-tale"}`} {
		standIn(t, map[string]stage{"AWSCURRENT": {raw: raw}})
		_, err := source(t, aws.SecretsManager{}, "labelbox").Secrets(t.Context())
		if err == nil || strings.Contains(err.Error(), "tell-tale") {
			t.Errorf("%s: got %v", raw, err)
		}
	}
}

func TestIDs(t *testing.T) {
	const arn = "arn:aws:secretsmanager:us-east-2:123456789012:secret:prod/labelbox-AbCdEf"
	for id, want := range map[string]struct{ id, region string }{ // "" if refused
		"labelbox":               {"labelbox", moto.Region},
		"prod/labelbox_+=.@-":    {"prod/labelbox_+=.@-", moto.Region},
		arn:                      {arn, "us-east-2"},
		arn + "#key":             {arn, "us-east-2"},
		strings.Repeat("n", 512): {strings.Repeat("n", 512), moto.Region},
		"":                       {},
		"#key":                   {},
		"labelbox#":              {},
		"label box":              {},
		"https://vault/secret":   {},
		strings.Repeat("n", 513): {},
		"arn:aws:ssm:us-east-2:123456789012:parameter/labelbox":        {},
		"arn:aws:secretsmanager:us-east-2:123456789012":                {},
		"arn:aws:secretsmanager:us-east-2:123456789012:other:labelbox": {},
	} {
		m := standIn(t, map[string]stage{"AWSCURRENT": {text: `{"key":"secret"}`}})
		s, err := aws.SecretsManager{}.Secrets(id)
		if want.id == "" {
			if err == nil || !strings.Contains(err.Error(), ";") {
				t.Errorf("%q: got %v", id, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", id, err)
			continue
		}
		live(t, s, "secret")
		if m.ids[0] != want.id || m.region != want.region {
			t.Errorf("%q: asked for %s in %s", id, m.ids[0], m.region)
		}
	}
}

func TestAManagerThatDoesNotAnswerIsGivenUpInTime(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // only then does the server notice that the client left
		<-r.Context().Done()
	}))
	defer server.Close()
	moto.Use(t, server.URL)
	s := source(t, aws.SecretsManager{}, "labelbox").(*secret.Cached)
	s.Timeout = 50 * time.Millisecond
	if _, err := s.Secrets(t.Context()); !errors.Is(err, secret.ErrNone) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
