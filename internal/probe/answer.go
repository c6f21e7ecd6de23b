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
		return "DANGER: the receiver accepts what Labelbox did not sign; anybody who knows the URL can send it events. " +
			"Take it out of service until it verifies X-Hub-Signature"
	case a.status <= 299:
		return "accepted, but not in labelhook's words; is this the right receiver, and does it refuse the forgeries above?"
	case a.status <= 399:
		return fmt.Sprintf("redirects to %s; a signed POST does not survive that: register the URL it leads to", cmp.Or(a.location, "nowhere"))
	}
	if a.status == 405 && q.status != 405 && a.code == "" {
		return "what is deployed at this path does not take POST; check the URL's path"
	}
	if note := ownRefusal(q, a); note != "" {
		return note
	}
	if note := foreignRefusal(a.status); a.code == "" && note != "" {
		return note
	}
	if a.status < 500 {
		return fmt.Sprintf("refused, but not as labelhook refuses; it should be %d %s", q.status, q.code)
	}
	return "the receiver fails instead of refusing; read its log"
}

// ownRefusal explains the codes of labelhook's own answers where they are not
// the expected ones.
func ownRefusal(q request, a answer) string {
	switch a.code {
	case core.CodeSecretUnavailable:
		return "the receiver runs, but has no usable secret, so it refuses everything; its log says which variable or permission is wrong"
	case core.CodeMisconfigured:
		return "the receiver runs, but is configured wrongly, so it refuses everything; its log says which variable is wrong and what to write instead"
	case core.CodeSignatureMissing:
		return "the signature did not arrive: a proxy in front drops the header X-Hub-Signature"
	case core.CodeSignatureMalformed:
		return "the signature did not arrive as it was sent: a proxy in front changes or repeats the header X-Hub-Signature"
	case core.CodeSignatureMismatch:
		if q.genuine {
			return "the receiver has another secret than this environment, or something in front changes the body; compare the secrets first"
		}
	case core.CodeBodyEmpty, core.CodeBodyIncomplete:
		return "the body did not arrive: something in front of the receiver drops it"
	case core.CodeBodyEncoding:
		return "the body arrived in an encoding that the receiver cannot undo: the trigger or gateway in front is configured wrongly"
	case core.CodeBodyTooLarge:
		return "a body of a few hundred bytes is over the receiver's limit; see LABELHOOK_MAX_BODY"
	case core.CodeDeliveryFailed:
		return "the signature holds, but a destination does not take the delivery now; read the receiver's log"
	case core.CodeDeliveryRejected:
		return "the signature holds, but a destination refuses the delivery or a handler panicked; read the receiver's log"
	case core.CodeMethodNotAllowed:
		return "the method did not arrive as POST; something in front changes it"
	}
	return ""
}

// foreignRefusal explains what platforms answer in a receiver's stead.
func foreignRefusal(status int) string {
	switch status {
	case 401, 403:
		return fmt.Sprintf("%d without labelhook's code: not labelhook's answer. If every row has it, the platform refuses before the receiver is asked, and will refuse Labelbox too. "+
			"AWS: set the function URL's AuthType to NONE; Google: allow unauthenticated invocations; Azure: add ?code= with the function key, or use the anonymous level", status)
	case 404:
		return "no route leads from this path and method to a receiver; check the URL's path and the deployment"
	case 411:
		return "something in front insists on a Content-Length"
	case 429:
		return "the platform limits the rate of requests; try again later or raise the limit"
	case 502, 503, 504:
		return fmt.Sprintf("%d from the platform: the function does not start, crashes or is too slow; read its log", status)
	}
	return ""
}

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
