package probe

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/httpclient"
	"github.com/labelhook/labelhook/internal/printable"
	"github.com/labelhook/labelhook/internal/sender"
)

// answer is what counts of an answer.
type answer struct {
	status   int
	code     core.Code // the problem's code or the accepted delivery's status; "" if it is not labelhook's answer
	location string    // where a redirect leads, redacted
	reason   string    // why there is no answer
}

// codeForm keeps a stranger's text away from the terminal.
var codeForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

func read(target string, result sender.Result) answer {
	if result.Err != nil {
		return answer{reason: httpclient.Reason(result.Err)}
	}
	a := answer{status: result.Status}
	if location := result.Header.Get("Location"); location != "" {
		if base, err := url.Parse(target); err == nil {
			if to, err := base.Parse(location); err == nil {
				a.location = printable.URL(to.String())
			}
		}
	}
	member, mediaType := "code", "application/problem+json"
	if result.OK() {
		member, mediaType = "status", "application/json"
	}
	var members map[string]jsontext.Value
	if !strings.HasPrefix(result.Header.Get("Content-Type"), mediaType) || json.Unmarshal(result.Answer, &members) != nil {
		return a
	}
	var code core.Code
	if json.Unmarshal(members[member], &code) == nil && codeForm.MatchString(string(code)) {
		a.code = code
	}
	return a
}

// dropsChunks reports whether the answer is what a request gets whose chunked
// body was dropped or refused before the receiver.
func (a answer) dropsChunks() bool {
	switch a.status {
	case 400:
		return a.code == "" || a.code == core.CodeBodyEmpty
	case 411, 500, 501, 502:
		return a.code == ""
	}
	return false
}

// explain says what an unexpected answer means and what to do about it.
func explain(q request, a answer) string {
	switch {
	case a.status == 0:
		return a.reason + "; " + unanswered(a.reason)
	case a.status <= 299 && q.name == "get":
		return "GET is answered as if a page were there; check the URL's path"
	case a.status <= 299 && !q.genuine:
		return dangerous
	case a.status <= 299:
		return "accepted, but not in labelhook's words; is this the right receiver, and does it refuse the forgeries above?"
	case a.status <= 399:
		return fmt.Sprintf("redirects to %s; a signed POST does not survive that: register the URL it leads to", cmp.Or(a.location, "nowhere"))
	}
	if a.status == 405 && q.status != 405 && a.code == "" {
		return "what is deployed at this path does not take POST; check the URL's path"
	}
	if note := ownRefusals[a.code]; note != "" && (q.genuine || a.code != core.CodeSignatureMismatch) {
		return note
	}
	if note := foreignRefusals[a.status]; a.code == "" && note != "" {
		return note
	}
	if a.status < 500 {
		return fmt.Sprintf("refused, but not as labelhook refuses; it should be %d %s", q.status, q.code)
	}
	return "the receiver fails instead of refusing; read its log"
}

// ownRefusals explain the codes of labelhook's own answers where they are not
// the expected ones.
var ownRefusals = map[core.Code]string{
	core.CodeSecretUnavailable:  "the receiver runs, but has no usable secret, so it refuses everything; its log says which variable or permission is wrong",
	core.CodeMisconfigured:      "the receiver runs, but is configured wrongly, so it refuses everything; its log says which variable is wrong and what to write instead",
	core.CodeSignatureMissing:   "the signature did not arrive: a proxy in front drops the header X-Hub-Signature",
	core.CodeSignatureMalformed: "the signature did not arrive as it was sent: a proxy in front changes or repeats the header X-Hub-Signature",
	core.CodeSignatureMismatch:  "the receiver has another secret than this environment, or something in front changes the body; compare the secrets first",
	core.CodeBodyEmpty:          bodyDropped,
	core.CodeBodyIncomplete:     bodyDropped,
	core.CodeBodyEncoding:       "the body arrived in an encoding that the receiver cannot undo: the trigger or gateway in front is configured wrongly",
	core.CodeBodyTooLarge:       "a body of a few hundred bytes is over the receiver's limit; see LABELHOOK_MAX_BODY",
	core.CodeDeliveryFailed:     "the signature holds, but a destination does not take the delivery now; read the receiver's log",
	core.CodeDeliveryRejected:   "the signature holds, but a destination refuses the delivery or a handler panicked; read the receiver's log",
	core.CodeMethodNotAllowed:   "the method did not arrive as POST; something in front changes it",
}

// foreignRefusals explain what platforms answer in a receiver's stead.
var foreignRefusals = map[int]string{
	401: "401 " + notAdmitted,
	403: "403 " + notAdmitted,
	404: "no route leads from this path and method to a receiver; check the URL's path and the deployment",
	411: "something in front insists on a Content-Length",
	429: "the platform limits the rate of requests; try again later or raise the limit",
	502: "502 " + notRunning,
	503: "503 " + notRunning,
	504: "504 " + notRunning,
}

const (
	dangerous = "DANGER: the receiver accepts what Labelbox did not sign; anybody who knows the URL can send it events. " +
		"Take it out of service until it verifies X-Hub-Signature"
	chunksDropped = "the same delivery with a Content-Length is answered as it should: a proxy or platform in front drops or refuses chunked bodies, " +
		"and a sender that sends chunks would lose its deliveries (on Azure turn on the proxying of HTTP requests; elsewhere let the proxy buffer requests)"
	bodyDropped = "the body did not arrive: something in front of the receiver drops it"
	notAdmitted = "without labelhook's code: not labelhook's answer. If every row has it, the platform refuses before the receiver is asked, and will refuse Labelbox too. " +
		"AWS: set the function URL's AuthType to NONE; Google: allow unauthenticated invocations; Azure: add ?code= with the function key, or use the anonymous level"
	notRunning = "from the platform: the function does not start, crashes or is too slow; read its log"
)

// unanswered says what to do about one of [httpclient.Reason]'s.
func unanswered(reason string) string {
	switch {
	case strings.Contains(reason, "refused"):
		return "nothing listens at this host and port; is the receiver running?"
	case strings.Contains(reason, "not found"):
		return "check the URL's host"
	case strings.Contains(reason, "TLS"):
		return "Labelbox will probably not connect either; give the server a certificate of a public authority for this host, or check the scheme and port"
	case strings.Contains(reason, "in time"):
		return "a cold start may take long: try again, or raise --timeout"
	}
	return "the receiver or something in front of it crashes or hangs up; read its log"
}
