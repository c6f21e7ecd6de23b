package azure_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/azure"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/environment"
	"github.com/labelhook/labelhook/internal/test/azurehost"
	"github.com/labelhook/labelhook/internal/test/conformance"
	"github.com/labelhook/labelhook/internal/test/required"
)

// Repeated headers that no host has joined, and names as they were written.
func TestHandlerPassedOnWithoutHost(t *testing.T) {
	destination := conformance.NewDestination(t)
	variables := conformance.Environment(destination.URL)
	receiver, _, err := environment.Receiver(environment.Platform{
		Options: core.Options{Logger: slog.New(slog.DiscardHandler)},
		Getenv:  func(name string) string { return variables[name] },
	})
	required.NoError(t, err)
	server := httptest.NewServer(azure.NewHandler(receiver))
	defer server.Close()
	for _, path := range []string{"/api/labelbox", "/labelbox"} {
		conformance.Run(t, conformance.Cases(), conformance.Platform{
			Do:    conformance.HTTP(strings.TrimPrefix(server.URL, "http://"), path),
			Taken: destination.Taken,
		})
	}
}

// receiver accepts what is signed with "secret", and keeps what it got last.
func receiver(t testing.TB, log io.Writer) (r *core.Receiver, last func() *core.Delivery) {
	t.Helper()
	key, err := secret.New("secret")
	required.NoError(t, err)
	secrets, err := secret.Static(key)
	required.NoError(t, err)
	var got *core.Delivery
	return &core.Receiver{
		Secrets: secrets,
		Handler: core.HandlerFunc(func(_ context.Context, d *core.Delivery) error { got = d; return nil }),
		MaxBody: 1000,
		Observe: core.LogTo(azure.NewLogger(log, slog.LevelInfo)),
	}, func() *core.Delivery { return got }
}

// answer is what an envelope answers.
type answer struct {
	Outputs struct {
		Res struct {
			StatusCode string            `json:"statusCode"`
			Headers    map[string]string `json:"headers"`
			Body       string            `json:"body"`
		} `json:"res"`
	}
	Logs        []string
	ReturnValue any
}

// post posts an envelope and reads the answer, which must be one too.
func post(t testing.TB, r *core.Receiver, envelope io.Reader) answer {
	t.Helper()
	w := httptest.NewRecorder()
	azure.NewHandler(r).ServeHTTP(w, httptest.NewRequest("POST", "/labelbox", envelope))
	var a answer
	d := json.NewDecoder(w.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil || w.Code != 200 || w.Header().Get("Content-Type") != "application/json" || a.Logs == nil {
		t.Fatalf("answered %d %v, %v", w.Code, w.Header(), err)
	}
	return a
}

func TestEnvelopes(t *testing.T) {
	const body = `{"dataRowIds":["row"]}`
	signature := signed(t, "secret")
	req := func(rest string) string {
		return `{"Data":{"req":{"Url":"http://a/","Method":"POST","Query":{},"Headers":{"x-hub-signature":["` + signature + `"]},"Params":{},"Identities":[{"Claims":[]}]` + rest + `}},"Metadata":{}}`
	}
	text := func(body string) string { b, _ := json.Marshal(body); return string(b) }
	taken := req(`,"Body":` + text(body))
	base64 := strings.Replace(req(`,"Body":"eyJkYXRhUm93SWRzIjpbInJvdyJdfQ=="`), `"Headers":{`, `"Headers":{"content-type":["application/octet-stream"],`, 1)
	for name, test := range map[string]struct{ envelope, status, code string }{
		"text":                              {taken, "200", "accepted"},
		"base64":                            {base64, "200", "accepted"},
		"multipart":                         {strings.Replace(base64, "application/octet-stream", "Multipart/Form-Data; boundary=x", 1), "200", "accepted"},
		"base64 of a type that is text":     {strings.Replace(base64, "application/octet-stream", "application/json", 1), "401", "signature_mismatch"},
		"octets that are not base64":        {strings.Replace(base64, "eyJk", "eyJ", 1), "400", "body_encoding"},
		"headers as text":                   {strings.Replace(taken, `["`+signature+`"]`, `"`+signature+`"`, 1), "200", "accepted"},
		"escaped otherwise":                 {strings.Replace(taken, "dataRow", `data\u0052ow`, 1), "200", "accepted"},
		"other bindings before":             {strings.Replace(taken, `"Data":{`, `"Data":{"blob":{"Body":"x"},`, 1), "200", "accepted"},
		"white space":                       {" \n" + strings.Replace(taken, `{"Data":{"req":{`, "{ \"Data\"\t:\r\n{ \"req\" : {", 1), "200", "accepted"},
		"metadata first":                    {strings.Replace(taken, `{"Data"`, `{"Metadata":{"a":[1]},"Data"`, 1), "200", "accepted"},
		"metadata that nests without end":   {strings.Replace(taken, `"Metadata":{`, `"Metadata":{"a":`+strings.Repeat("[", 20_000), 1), "200", "accepted"},
		"no body":                           {req(""), "400", "body_empty"},
		"body null":                         {req(`,"Body":null`), "400", "body_empty"},
		"body empty":                        {req(`,"Body":""`), "400", "body_empty"},
		"body parsed":                       {req(`,"Body":` + body), "400", "body_encoding"},
		"body twice":                        {req(`,"Body":` + text(body) + `,"Body":` + text(body)), "400", "body_encoding"},
		"body over the limit":               {req(`,"Body":"` + strings.Repeat("x", 1001) + `"`), "413", "body_too_large"},
		"body far over the limit":           {req(`,"Body":"` + strings.Repeat("x", 2<<20) + `"`), "413", "body_too_large"},
		"GET":                               {strings.Replace(taken, `"POST"`, `"GET"`, 1), "405", "method_not_allowed"},
		"no method":                         {strings.Replace(taken, `"Method":"POST",`, ``, 1), "405", "method_not_allowed"},
		"no signature":                      {strings.Replace(taken, "x-hub-signature", "x-other", 1), "401", "signature_missing"},
		"two signatures in one":             {strings.Replace(taken, `"`+signature+`"`, `"`+signature+`","sha1=00"`, 1), "401", "signature_malformed"},
		"two signatures, in case":           {strings.Replace(taken, `"Headers":{`, `"Headers":{"X-HUB-SIGNATURE":["sha1=00"],`, 1), "401", "signature_malformed"},
		"altered":                           {strings.Replace(taken, "row", "low", 1), "401", "signature_mismatch"},
		"trigger called otherwise":          {strings.Replace(taken, `"req"`, `"request"`, 1), "400", "body_encoding"},
		"trigger not an object":             {`{"Data":{"req":"text"}}`, "400", "body_encoding"},
		"data not an object":                {`{"Data":[]}`, "400", "body_encoding"},
		"headers not an object":             {`{"Data":{"req":{"Method":"POST","Headers":[]}}}`, "400", "body_encoding"},
		"header not a text":                 {`{"Data":{"req":{"Method":"POST","Headers":{"a":1}}}}`, "400", "body_encoding"},
		"cut short":                         {taken[:len(taken)/2], "400", "body_incomplete"},
		"not UTF-8":                         {strings.Replace(taken, "row", "r\xffw", 1), "400", "body_encoding"},
		"half a surrogate pair in the JSON": {strings.Replace(taken, "row", `\ud83d`, 1), "400", "body_encoding"},
	} {
		t.Run(name, func(t *testing.T) {
			r, last := receiver(t, io.Discard)
			a := post(t, r, strings.NewReader(test.envelope))
			var said struct{ Status, Code any }
			required.NoError(t, json.Unmarshal([]byte(a.Outputs.Res.Body), &said))
			if a.Outputs.Res.StatusCode != test.status || said.Code != test.code && said.Status != test.code {
				t.Errorf("answered %+v, want %s %s", a, test.status, test.code)
			}
			if want := "application/problem+json"; test.status != "200" && a.Outputs.Res.Headers["Content-Type"] != want {
				t.Errorf("answered %v, want %s", a.Outputs.Res.Headers, want)
			}
			if d := last(); (d != nil) != (test.code == "accepted") || d != nil && string(d.Body) != body {
				t.Errorf("the handler got %+v", d)
			}
		})
	}
}

// The host takes a connection that closes before it has sent everything for a
// failure, whatever was answered.
func TestEnvelopeIsReadToItsEnd(t *testing.T) {
	r, _ := receiver(t, io.Discard)
	rest := strings.NewReader(`{"Data":{"req":{"Method":"POST","Body":"` + strings.Repeat("x", 3<<20) + `"}},"Metadata":{}}`)
	if a := post(t, r, rest); a.Outputs.Res.StatusCode != "413" || rest.Len() != 0 {
		t.Errorf("answered %s with %d bytes not read", a.Outputs.Res.StatusCode, rest.Len())
	}
	broken := io.MultiReader(strings.NewReader(`{"Data":{"req":{"Method":"POST","Body":"x"}},`), brokenOff{})
	if a := post(t, r, broken); a.Outputs.Res.StatusCode != "400" || !strings.Contains(a.Outputs.Res.Body, "body_incomplete") {
		t.Errorf("broken off: %+v", a)
	}
}

type brokenOff struct{}

func (brokenOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// What looks like an envelope is one only where the host puts envelopes.
func TestWhatIsNoEnvelope(t *testing.T) {
	const envelope = `{"Data":{"req":{"Method":"POST","Headers":{},"Body":"x"}},"Metadata":{}}`
	for name, test := range map[string]struct {
		path, signature, body, code string
	}{
		"at the route":                 {"/api/labelbox", "", envelope, "signature_missing"},
		"with a signature":             {"/labelbox", "sha1=" + strings.Repeat("0", 40), envelope, "signature_mismatch"},
		"data that is not a member":    {"/labelbox", "", `{"Data"}`, "signature_missing"},
		"data in lower case":           {"/labelbox", "", `{"data":{}}`, "signature_missing"},
		"a delivery without signature": {"/labelbox", "", `{"dataRowIds":["row"]}`, "signature_missing"},
		"nothing":                      {"/labelbox", "", "", "body_empty"},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := receiver(t, io.Discard)
			request := httptest.NewRequest("POST", test.path, strings.NewReader(test.body))
			if test.signature != "" {
				request.Header.Set(core.SignatureHeader, test.signature)
			}
			w := httptest.NewRecorder()
			azure.NewHandler(r).ServeHTTP(w, request)
			if w.Code < 400 || !strings.Contains(w.Body.String(), `"code":"`+test.code+`"`) {
				t.Errorf("answered %d %s, want %s", w.Code, w.Body, test.code)
			}
		})
	}
}

func TestLogCarriesTheInvocation(t *testing.T) {
	const id = "2d1f0c2e-8d0b-4f0e-9a53-3f0f1f9d2c11"
	for name, test := range map[string]struct {
		sent []string
		want any
	}{
		"the host's":             {[]string{id}, id},
		"behind the sender's":    {[]string{"mine", id}, id},
		"joined to the sender's": {[]string{"mine, " + id}, id},
		"none":                   {nil, nil},
		"not an id":              {[]string{"a b\n"}, nil},
		"too long":               {[]string{strings.Repeat("a", 128)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			r, _ := receiver(t, &log)
			r.Observe = core.LogTo(azure.NewLogger(&log, slog.LevelInfo).With("app", "x").WithGroup("g"))
			request := httptest.NewRequest("POST", "/api/labelbox", strings.NewReader("x"))
			request.Header["X-Azure-Functions-Invocationid"] = test.sent
			azure.NewHandler(r).ServeHTTP(httptest.NewRecorder(), request)
			var line struct {
				App        string
				Invocation any `json:"invocation_id"`
				G          map[string]any
			}
			required.NoError(t, json.Unmarshal(log.Bytes(), &line))
			if line.App != "x" || line.G["code"] != "signature_missing" || line.Invocation != test.want {
				t.Errorf("logged %s", log.Bytes())
			}
		})
	}
}

// The model's own envelope goes through the whole way.
func TestEnvelopeOfTheModel(t *testing.T) {
	request := httptest.NewRequest("POST", "http://example.com/api/labelbox?x=1", bytes.NewReader(body))
	request.Header.Set(core.SignatureHeader, signed(t, "secret"))
	request.Header.Set(core.IDHeader, "Zoë \u2028 <id>")
	envelope, err := azurehost.Seal("labelbox", request, body)
	required.NoError(t, err)
	r, last := receiver(t, io.Discard)
	a := post(t, r, bytes.NewReader(envelope))
	w := httptest.NewRecorder()
	text, err := json.Marshal(a)
	required.NoError(t, err)
	if err := azurehost.Open(w, &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}}, text); err != nil {
		t.Fatal(err)
	}
	if d := last(); w.Code != 200 || d == nil || d.ID != "Zoë \u2028 <id>" || !bytes.Equal(d.Body, body) {
		t.Errorf("answered %d %s, delivered %+v", w.Code, w.Body, d)
	}
}

// A large envelope is handled while another one still is.
func TestALargeEnvelopeDoesNotWaitForTheHandlerOfAnother(t *testing.T) {
	key, err := secret.New("secret")
	required.NoError(t, err)
	envelope := func(id string) io.Reader {
		body := `{"id":"` + id + strings.Repeat("x", 300<<10) + `"}`
		text, _ := json.Marshal(body)
		return strings.NewReader(`{"Data":{"req":{"Method":"POST","Headers":{"X-Hub-Signature":["` +
			core.Sign([]byte(body), key) + `"]},"Body":` + string(text) + `}},"Metadata":{}}`)
	}
	r, _ := receiver(t, io.Discard)
	r.MaxBody = 1 << 20
	another := ""
	r.Handler = core.HandlerFunc(func(_ context.Context, d *core.Delivery) error {
		if strings.HasPrefix(string(d.Body), `{"id":"first`) {
			another = post(t, r, envelope("second")).Outputs.Res.StatusCode
		}
		return nil
	})
	if first := post(t, r, envelope("first")).Outputs.Res.StatusCode; first != "200" || another != "200" {
		t.Errorf("answered %s, and %s to the one that came meanwhile", first, another)
	}
}
