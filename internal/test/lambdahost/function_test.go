package lambdahost_test

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labelhook/labelhook/internal/test/lambdahost"
	"github.com/labelhook/labelhook/internal/test/required"
)

func build(t *testing.T) string {
	t.Helper()
	bootstrap := filepath.Join(t.TempDir(), "bootstrap")
	required.NoError(t, lambdahost.Build(bootstrap, "./testdata/ends"))
	return bootstrap
}

func TestFunction(t *testing.T) {
	bootstrap := build(t)
	t.Run("that never asks for an event", func(t *testing.T) {
		_, err := lambdahost.Run(bootstrap, map[string]string{"END": "1"})
		if err == nil || !strings.Contains(err.Error(), "before it asked") || !strings.Contains(err.Error(), "ending at once") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("that answers and fails", func(t *testing.T) {
		f := lambdahost.Start(t, bootstrap, nil)
		if f.Init <= 0 {
			t.Errorf("init took %v", f.Init)
		}
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if r, err := f.Invoke([]byte(`"hello"`)); err != nil || r.Failed || string(r.Payload) != `"hello"` || r.RequestID == "" {
					t.Errorf("got %+v, %v", r, err)
				}
			})
		}
		wg.Wait()
		if r, err := f.Invoke([]byte(`"fail"`)); err != nil || !r.Failed || !strings.Contains(string(r.Payload), "failing") {
			t.Errorf("got %s, %v", r.Payload, err)
		}
		if !f.Alive() {
			t.Error("it has ended")
		}
	})
	t.Run("that ends over an event", func(t *testing.T) {
		f := lambdahost.Start(t, bootstrap, nil)
		for range 2 {
			if _, err := f.Invoke([]byte(`"end"`)); err == nil || !strings.Contains(err.Error(), "ending over it") {
				t.Errorf("got %v", err)
			}
		}
		if f.Alive() {
			t.Error("it lives")
		}
	})
	t.Run("that outstays its deadline", func(t *testing.T) {
		f := lambdahost.Start(t, bootstrap, nil)
		if _, err := f.InvokeWithin([]byte(`"hang"`), 50*time.Millisecond); err == nil || !strings.Contains(err.Error(), "busy at its deadline") {
			t.Errorf("got %v", err)
		}
	})
}

func TestAnswersThatAFrontWouldTurnDown(t *testing.T) {
	const rest = `"body":"","isBase64Encoded":false`
	for name, test := range map[string]struct {
		trigger lambdahost.Trigger
		answer  string
	}{
		"no JSON":                      {lambdahost.FunctionURL, `hello`},
		"no status":                    {lambdahost.FunctionURL, `{"headers":{},` + rest + `}`},
		"a status in words":            {lambdahost.FunctionURL, `{"statusCode":"200","headers":{},` + rest + `}`},
		"no base64 flag":               {lambdahost.ALB, `{"statusCode":200,"statusDescription":"200 OK","headers":{},"body":""}`},
		"more than it knows":           {lambdahost.RESTAPI, `{"statusCode":200,"headers":{},"more":1,` + rest + `}`},
		"a description":                {lambdahost.HTTPAPI2, `{"statusCode":200,"statusDescription":"200 OK","headers":{},` + rest + `}`},
		"no description":               {lambdahost.ALB, `{"statusCode":200,"headers":{},` + rest + `}`},
		"another description":          {lambdahost.ALB, `{"statusCode":200,"statusDescription":"OK","headers":{},` + rest + `}`},
		"single headers for multi":     {lambdahost.ALBMulti, `{"statusCode":200,"statusDescription":"200 OK","headers":{},` + rest + `}`},
		"multi-value headers for ones": {lambdahost.ALB, `{"statusCode":200,"statusDescription":"200 OK","multiValueHeaders":{},` + rest + `}`},
		"a body that is no base64":     {lambdahost.FunctionURL, `{"statusCode":200,"headers":{},"body":"-","isBase64Encoded":true}`},
	} {
		if a, err := test.trigger.Answer([]byte(test.answer)); err == nil {
			t.Errorf("%s: taken as %+v", name, a)
		}
	}
}
