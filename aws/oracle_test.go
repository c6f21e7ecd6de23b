package aws

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/labelhook/labelhook/core"
)

// oracle reads an event with encoding/json and encoding/base64, and all that
// these packages do. It is what decode must agree with where decode accepts.
type oracle struct {
	HTTPMethod        string              `json:"httpMethod"`
	Headers           map[string]string   `json:"headers"`
	MultiValueHeaders map[string][]string `json:"multiValueHeaders"`
	Body              string              `json:"body"`
	IsBase64Encoded   bool                `json:"isBase64Encoded"`
	RequestContext    struct {
		ELB  *struct{}                `json:"elb"`
		HTTP *struct{ Method string } `json:"http"`
	} `json:"requestContext"`
}

func consult(payload []byte) (o oracle, err error) {
	err = json.Unmarshal(payload, &o)
	return o, err
}

func (o oracle) format() format {
	switch {
	case o.RequestContext.ELB != nil && o.MultiValueHeaders != nil:
		return albMulti
	case o.RequestContext.ELB != nil:
		return alb
	case o.RequestContext.HTTP != nil:
		return http2
	}
	return http1
}

func (o oracle) method() string {
	if o.format() == http2 {
		return o.RequestContext.HTTP.Method
	}
	return o.HTTPMethod
}

func (o oracle) body() (string, error) {
	if !o.IsBase64Encoded {
		return o.Body, nil
	}
	if strings.ContainsAny(o.Body, "\r\n") {
		return "", errors.New("line breaks in base64")
	}
	body, err := base64.StdEncoding.Strict().DecodeString(o.Body)
	return string(body), err
}

// headers are the values under each name, as a set: a map has no order.
func (o oracle) headers() map[string]map[string]bool {
	all := map[string]map[string]bool{}
	add := func(name, value string) {
		name = http.CanonicalHeaderKey(name)
		if all[name] == nil {
			all[name] = map[string]bool{}
		}
		all[name][value] = true
	}
	for name, value := range o.Headers {
		add(name, value)
	}
	for name, values := range o.MultiValueHeaders {
		for _, value := range values {
			add(name, value)
		}
	}
	return all
}

// disagreement says in what an accepted event differs from the oracle's.
func (o oracle) disagreement(e event) (what string, got, want any) {
	if e.format != o.format() {
		return "format", e.format, o.format()
	}
	if e.request.Method != o.method() {
		return "method", e.request.Method, o.method()
	}
	body, err := o.body()
	if e.request.BodyError == nil && (err != nil || string(e.request.Body) != body) {
		return "body", string(e.request.Body), body
	}
	all := o.headers()
	for _, name := range []string{core.SignatureHeader, core.IDHeader, core.EventHeader, "Content-Type"} {
		got := map[string]bool{}
		for _, value := range e.request.Header.Values(name) {
			got[value] = true
		}
		if !maps.Equal(got, all[name]) {
			return "header " + name, slices.Collect(maps.Keys(got)), slices.Collect(maps.Keys(all[name]))
		}
	}
	return "", nil, nil
}
