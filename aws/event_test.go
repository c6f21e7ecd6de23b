package aws

import (
	"errors"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/test/lambdahost"
)

// post is an event of an HTTP API 1.0 with more members.
func post(members string) string { return `{"httpMethod":"POST",` + members + `}` }

func TestBodies(t *testing.T) {
	for name, test := range map[string]struct {
		members string
		want    string
		err     error
	}{
		"missing":                        {`"headers":{}`, "", nil},
		"null":                           {`"body":null`, "", nil},
		"null that is said to be base64": {`"body":null,"isBase64Encoded":true`, "", nil},
		"empty":                          {`"body":""`, "", nil},
		"text":                           {`"body":"{\"a\":\"b\"}","isBase64Encoded":false`, `{"a":"b"}`, nil},
		"text, flag null":                {`"body":"YQ==","isBase64Encoded":null`, "YQ==", nil},
		"every short escape":             {`"body":"\"\\\/\b\f\n\r\t"`, "\"\\/\b\f\n\r\t", nil},
		"escapes by number":              {`"body":"\u0041\u00e9\u4e2D\u0000\ufffd"`, "Aé中\x00\ufffd", nil},
		"a surrogate pair":               {`"body":"\ud83D\uDe00"`, "😀", nil},
		"beyond ASCII":                   {`"body":"Zoë 猫 😀"`, "Zoë 猫 😀", nil},
		"beyond ASCII at the very end":   {`"body":"` + strings.Repeat("x", 5) + `éé\n"`, "xxxxxéé\n", nil},
		"a byte order mark":              {`"body":"\ufeff{}"`, "\ufeff{}", nil},
		"long runs":                      {`"body":"` + strings.Repeat("x", 1000) + `\n` + strings.Repeat("y", 1001) + `"`, strings.Repeat("x", 1000) + "\n" + strings.Repeat("y", 1001), nil},
		"under another case":             {`"Body":"a"`, "a", nil},
		"under an escaped name":          {`"\u0062ody":"a"`, "a", nil},

		"half a pair, first":          {`"body":"a\ud83d"`, "", core.ErrBodyEncoding},
		"half a pair, second":         {`"body":"\ude00a"`, "", core.ErrBodyEncoding},
		"half a pair before another":  {`"body":"\ud83d\ud83d\ude00"`, "", core.ErrBodyEncoding},
		"half a pair before a letter": {`"body":"\ud83d\u0041"`, "", core.ErrBodyEncoding},
		"bytes that are not UTF-8":    {"\"body\":\"a\xff\"", "", core.ErrBodyEncoding},
		"a surrogate in UTF-8":        {"\"body\":\"\xed\xa0\xbd\"", "", core.ErrBodyEncoding},

		"base64":                      {`"body":"AP+/","isBase64Encoded":true`, "\x00\xff\xbf", nil},
		"base64, flag first":          {`"isBase64Encoded":true,"body":"YQ=="`, "a", nil},
		"base64 with an escaped /":    {`"body":"AP+\/","isBase64Encoded":true`, "\x00\xff\xbf", nil},
		"base64, empty":               {`"body":"","isBase64Encoded":true`, "", nil},
		"base64 without padding":      {`"body":"YQ","isBase64Encoded":true`, "", core.ErrBodyEncoding},
		"base64 with too much":        {`"body":"YQ===","isBase64Encoded":true`, "", core.ErrBodyEncoding},
		"base64 with bits left over":  {`"body":"YR==","isBase64Encoded":true`, "", core.ErrBodyEncoding},
		"base64 with a line break":    {`"body":"YW\nJj","isBase64Encoded":true`, "", core.ErrBodyEncoding},
		"base64 with four of them":    {`"body":"YW\n\n\n\nJj","isBase64Encoded":true`, "", core.ErrBodyEncoding},
		"base64 broken at its end":    {`"body":"YQ==\n\n\n\n","isBase64Encoded":true`, "", core.ErrBodyEncoding},
		"base64 with a blank":         {`"body":"YW Jj","isBase64Encoded":true`, "", core.ErrBodyEncoding},
		"base64 for URLs":             {`"body":"AP-_","isBase64Encoded":true`, "", core.ErrBodyEncoding},
		"base64 that is text instead": {`"body":"{\"a\":1}","isBase64Encoded":true`, "", core.ErrBodyEncoding},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := decode([]byte(post(test.members)))
			if err != nil {
				t.Fatal(err)
			}
			if string(e.request.Body) != test.want || !errors.Is(e.request.BodyError, test.err) {
				t.Errorf("got %q, %v, want %q, %v", e.request.Body, e.request.BodyError, test.want, test.err)
			}
		})
	}
}

// The runtime reads the next event into the memory of the last.
func TestBodySurvivesItsEvent(t *testing.T) {
	for name, event := range map[string]string{"text": post(`"body":"abc"`), "base64": post(`"body":"YWJj","isBase64Encoded":true`)} {
		payload := []byte(event)
		e, err := decode(payload)
		if err != nil {
			t.Fatal(err)
		}
		clear(payload)
		if string(e.request.Body) != "abc" {
			t.Errorf("%s: got %q", name, e.request.Body)
		}
	}
}

func TestHeaders(t *testing.T) {
	for name, test := range map[string]struct {
		members string
		want    []string
	}{
		"none":                          {`"body":""`, nil},
		"null":                          {`"headers":null,"multiValueHeaders":null`, nil},
		"another":                       {`"headers":{"host":"h"}`, nil},
		"one":                           {`"headers":{"X-Hub-Signature":"a"}`, []string{"a"}},
		"in lower case":                 {`"headers":{"x-hub-signature":"a"}`, []string{"a"}},
		"in odd case":                   {`"headers":{"X-hUB-siGNature":"a"}`, []string{"a"}},
		"with an escaped name":          {`"headers":{"X\u002dHub-Signature":"a"}`, []string{"a"}},
		"with an escaped value":         {`"headers":{"X-Hub-Signature":"\u0061\/b"}`, []string{"a/b"}},
		"with a null value":             {`"headers":{"X-Hub-Signature":null}`, []string{""}},
		"a name with a long s":          {`"headers":{"X-Hub-ſignature":"a"}`, nil},
		"twice under two cases":         {`"headers":{"X-Hub-Signature":"a","x-hub-signature":"b"}`, []string{"a", "b"}},
		"joined":                        {`"headers":{"x-hub-signature":"a,b"}`, []string{"a,b"}},
		"in both maps":                  {`"headers":{"X-Hub-Signature":"b"},"multiValueHeaders":{"X-Hub-Signature":["a","b"]}`, []string{"a", "b", "b"}},
		"different in both maps":        {`"headers":{"X-Hub-Signature":"a"},"multiValueHeaders":{"x-hub-signature":["b"]}`, []string{"b", "a"}},
		"with null and empty lists":     {`"multiValueHeaders":{"X-Hub-Signature":null,"a":[],"b":[null]}`, nil},
		"with a value that is no UTF-8": {"\"headers\":{\"X-Hub-Signature\":\"a\xff\xfe\"}", []string{"a\ufffd\ufffd"}},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := decode([]byte(post(test.members)))
			if err != nil {
				t.Fatal(err)
			}
			got := e.request.Header.Values("X-Hub-Signature")
			if strings.Join(got, "|") != strings.Join(test.want, "|") || len(got) != len(test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// FuzzDecode compares with encoding/json and encoding/base64: what decode
// accepts they accept, and read the same out of it.
func FuzzDecode(f *testing.F) {
	for _, trigger := range lambdahost.Triggers() {
		f.Add(trigger.Event(lambdahost.Request{Method: "POST", Body: []byte(`{"a":"é\"😀"}`), Header: [][2]string{
			{"X-Hub-Signature", "sha1=0"}, {"X-Hub-Signature", "sha1=1"}, {"Content-Type", "application/json"}}}))
		f.Add(trigger.Event(lambdahost.Request{Method: "GET"}))
	}
	for _, members := range []string{
		`"body":"\ud83d\u0041"`, `"body":"\ud83d\ude00"`, "\"body\":\"\xff\"", `"body":"YQ==","isBase64Encoded":true`,
		`"Body":"a","HTTPMETHOD":"b"`, `"headers":{"X-Labelbox-Id":null,"x-labelbox-id":"b","X\u002dLabelbox-Id":"c"}`, `"multiValueHeaders":{"Content-Type":[null,"b"],"c":null}`,
		`"a":[1,-0.5e+7,true,false,null,{"b":[]}]`, `"a":01`, `"a":1.`, "\"a\":\"\x01\"", `"requestContext":{"HTTP":{"METHOD":"b"},"elb":null}`,
		`"requeſtContext":{"http":{"method":"b"}}`, `"body":null,"isBase64Encoded":null`, ` "a" : [ 1 , 2 ] `,
	} {
		f.Add([]byte(post(members)))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		e, err := decode(payload)
		o, oracleError := consult(payload)
		if err != nil {
			var wrong *EventError
			if !errors.As(err, &wrong) || strings.ContainsAny(err.Error(), "\n\r") {
				t.Errorf("the error is %q", err)
			}
			return
		}
		if oracleError != nil {
			t.Fatalf("accepted, though %v", oracleError)
		}
		if what, got, want := o.disagreement(e); what != "" {
			t.Errorf("%s is %q, want %q", what, got, want)
		}
		if e.request.BodyError != nil {
			if body, err := o.body(); err == nil && !strings.Contains(body, "\ufffd") {
				t.Errorf("refused the body %q", body)
			}
		}
	})
}
