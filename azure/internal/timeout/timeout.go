// Package timeout knows how long Azure's Functions host lets an invocation take.
package timeout

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// frontEnd is how long Azure's front end waits for an answer
// (https://learn.microsoft.com/azure/azure-functions/functions-scale#timeout).
const frontEnd = 230 * time.Second

// Limit returns how long a request may take, from its first byte here to the end
// of its handlers: three quarters of what the host gives an invocation, which
// begins before the request is passed on. A host whose invocation takes longer
// kills this process, with all that others have under way in it.
//
// The time is the host's own: its setting functionTimeout, as an app setting or
// in host.json. Without one, or with -1 for no limit, the front end's counts.
func Limit(getenv func(string) string) time.Duration {
	text := getenv("AzureFunctionsJobHost__functionTimeout")
	if text == "" {
		var host struct{ FunctionTimeout string }
		file, _ := os.ReadFile(filepath.Join(getenv("FUNCTIONS_APP_ROOT_PATH"), "host.json")) // the host starts the process in that folder
		json.Unmarshal(file, &host)
		text = host.FunctionTimeout
	}
	limit, ok := parseTimeSpan(text)
	if !ok || limit > frontEnd {
		limit = frontEnd
	}
	return limit * 3 / 4
}

// parseTimeSpan reads [DAYS.]HOURS:MINUTES[:SECONDS[.FRACTION]], as .NET writes a
// span of time. One that is not above zero is not ok.
func parseTimeSpan(text string) (span time.Duration, ok bool) {
	days, clock, found := strings.Cut(text, ".")
	if !found || strings.Contains(days, ":") {
		days, clock = "0", text
	}
	parts := strings.Split(clock, ":")
	if len(parts) == 2 {
		parts = append(parts, "0")
	}
	if len(parts) != 3 {
		return 0, false
	}
	for i, part := range append([]string{days}, parts...) {
		n, err := strconv.ParseFloat(part, 64)
		if err != nil || n < 0 || n > 1e6 {
			return 0, false
		}
		unit := [...]time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second}[i]
		span += time.Duration(n * float64(unit))
	}
	return span, span > 0
}
