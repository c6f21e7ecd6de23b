package gcp

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"
)

// origin says which request of the platform a log record belongs to.
type origin struct {
	trace     string // hexadecimal digits; "" if there is none
	span      string // 16 hexadecimal digits; "" if there is none
	sampled   bool   // whether Cloud Trace keeps the trace
	execution string // of the function; "" if there is none
}

type originKey struct{}

func withOrigin(ctx context.Context, o origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// originOf reads the headers of Google's front end. A function that is called
// directly can be told anything in them, so only what has the right form is taken.
func originOf(r *http.Request) origin {
	o, found := parseTraceparent(r.Header.Get("Traceparent"))
	if !found {
		o = parseCloudTrace(r.Header.Get("X-Cloud-Trace-Context"))
	}
	o.execution = funcframework.ExecutionIDFromContext(r.Context())
	if len(o.execution) > 64 || strings.Trim(o.execution, alphanumeric+"-_") != "" {
		o.execution = ""
	}
	return o
}

const (
	hexadecimal  = "0123456789abcdef"
	alphanumeric = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// parseTraceparent reads version-trace-span-flags
// (https://www.w3.org/TR/trace-context/#traceparent-header). Versions to come
// may add to it behind another dash.
func parseTraceparent(header string) (o origin, ok bool) {
	parts := strings.SplitN(header, "-", 5)
	if len(parts) < 4 || len(parts) > 4 && parts[0] == "00" || parts[0] == "ff" {
		return origin{}, false
	}
	for i, length := range [...]int{2, 32, 16, 2} {
		if len(parts[i]) != length || strings.Trim(parts[i], hexadecimal) != "" {
			return origin{}, false
		}
	}
	if strings.Trim(parts[1], "0") == "" || strings.Trim(parts[2], "0") == "" {
		return origin{}, false
	}
	flags, _ := strconv.ParseUint(parts[3], 16, 8)
	return origin{trace: parts[1], span: parts[2], sampled: flags&1 == 1}, true
}

// parseCloudTrace reads TRACE/SPAN;o=OPTIONS, of which all but the trace may be
// missing (https://cloud.google.com/trace/docs/trace-context#legacy-http-header).
// The span is decimal there and hexadecimal in logs.
func parseCloudTrace(header string) (o origin) {
	header, options, _ := strings.Cut(header, ";")
	trace, span, _ := strings.Cut(header, "/")
	if len(trace) > 32 || strings.Trim(trace, hexadecimal) != "" || strings.Trim(trace, "0") == "" {
		return origin{}
	}
	o = origin{trace: trace, sampled: options == "o=1"}
	if n, err := strconv.ParseUint(span, 10, 64); err == nil && n != 0 {
		o.span = fmt.Sprintf("%016x", n)
	}
	return o
}
