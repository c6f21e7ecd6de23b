// Package endtoend says which headers of a request travel on with the delivery
// that it brought, besides signature, id, event name and content type: what
// describes the body, and what follows it through logs and traces.
package endtoend

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// Names may travel on. It is a list of what may pass and not of what may not,
// because gateways, proxies and platforms put tokens and keys under names of
// their own choice.
var Names = []string{
	"Baggage", "B3", "Content-Encoding", "Content-Language", "Content-Disposition", "Content-Md5", "Content-Digest", "Repr-Digest",
	"Date", "Idempotency-Key", "Request-Id", "Sentry-Trace", "Traceparent", "Tracestate", "Uber-Trace-Id", "User-Agent",
	"X-Amzn-Trace-Id", "X-B3-Traceid", "X-B3-Spanid", "X-B3-Parentspanid", "X-B3-Sampled", "X-B3-Flags",
	"X-Cloud-Trace-Context", "X-Correlation-Id", "X-Datadog-Trace-Id", "X-Datadog-Parent-Id", "X-Datadog-Sampling-Priority",
	"X-Request-Id",
}

// prefixes begin further names that may.
var prefixes = []string{"x-labelbox-", "x-hub-signature-", "x-b3-", "x-datadog-"}

// Of returns those of a request's names that may travel on, each once, as [Names]
// has them, but for those excepted.
func Of(names iter.Seq[string], except ...string) (may []string) {
	for name := range names {
		if i := slices.IndexFunc(Names, func(known string) bool { return strings.EqualFold(known, name) }); i >= 0 {
			name = Names[i]
		} else if Contains(except, name) || !slices.ContainsFunc(prefixes, func(prefix string) bool {
			return len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
		}) {
			continue
		}
		if !Contains(may, name) {
			may = append(may, name)
		}
	}
	return may
}

// Contains reports whether a name is among others, in any case.
func Contains(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// Compare compares names without regard to case, by the bit that a letter's two
// cases differ in.
func Compare(a, b string) int {
	for i := range min(len(a), len(b)) {
		if c := cmp.Compare(a[i]|0x20, b[i]|0x20); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}
