package conformance

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/forgery"
	"github.com/labelhook/labelhook/internal/samples"
)

// Cases is the table, for an artefact started with [Environment].
func Cases() []Case {
	return slices.Concat(genuine(), signatures(), forgeries(), bodies(), sizes(), events(), requests(), outcomes())
}

// WithoutSecret is the table for an artefact started with
// [EnvironmentWithoutSecret], which must serve nobody: least of all whoever
// signs with what stands where the secret should.
func WithoutSecret() []Case {
	return []Case{
		delivery("signed with the real secret").wants(Unavailable),
		delivery("signed with the unresolved reference").signedWith(UnresolvedSecret).wants(Unavailable),
		delivery("signed with an empty secret").signedWith("").wants(Unavailable),
		delivery("not signed").signature().wants(Unavailable),
		delivery("not a webhook at all").method("GET").body("").signature().wants(NotAllowed),
	}
}

// genuine is every sample, byte for byte.
func genuine() (cases []Case) {
	for _, s := range samples.All() {
		name := s.Name
		if !s.Documented {
			name += " " + s.Header // several events share a payload
		}
		want := accepted(s.Event, s.Version)
		switch s.Event {
		case payload.WorkflowAction:
			want.Version = payload.NoVersion // both webhooks send the same
		case filtered:
			want = ignored(s.Event)
		}
		cases = append(cases, delivery("sample "+name).header("X-Labelbox-Event", s.Header).body(string(s.Body())).wants(want))
	}
	return append(cases,
		delivery("redelivery").sent(2),
		delivery("previous secret").signedWith(PreviousSecret),
	)
}

// signatures are other spellings of a right one, and one by another digest.
func signatures() []Case {
	fine := accepted(payload.LabelCreated, payload.V2)
	twice := delivery("signature twice, the same")
	right := sign(twice.Body, Secret)
	sha256Of := func(body []byte) string {
		mac := hmac.New(sha256.New, []byte(Secret))
		mac.Write(body)
		return "sha256=" + hex.EncodeToString(mac.Sum(nil))
	}
	overSHA256 := delivery("signature by sha256")
	return []Case{
		delivery("signature in upper-case digits").signatureOf(func(s string) string { return "sha1=" + strings.ToUpper(s[5:]) }).wants(fine),
		delivery("signature with mixed digits").signatureOf(func(s string) string { return s[:20] + strings.ToUpper(s[20:]) }).wants(fine),
		twice.signature(right, right).wants(fine),
		overSHA256.signature(sha256Of(overSHA256.Body)).wants(Malformed),
	}
}

// forgeries are those of the list, and what else may be forged.
func forgeries() (cases []Case) {
	for _, f := range forgery.All() {
		c := delivery(f.Name)
		signatures, body := f.Make(c.Body, sign(c.Body, Secret), sign(c.Body, "another secret"))
		c.Body = body
		cases = append(cases, c.signature(signatures...).wants(Verdict{Status: 401, Code: f.Code}))
	}
	altered := delivery("altered body, chunked").chunked()
	altered.Body = append(altered.Body, ' ')
	return append(cases,
		altered.wants(Mismatch),
		delivery("forged with an empty secret").signedWith("").wants(Mismatch),
		delivery("forged with a secret with a line break").signedWith(Secret+"\n").wants(Mismatch),
		delivery("forged, chunked").signedWith("another secret").chunked().wants(Mismatch),
		delivery("forged over an empty body").signature(sign(nil, Secret)).wants(Mismatch),
		delivery("forged without any other header").signedWith("another secret").
			header("Content-Type").header("X-Labelbox-Id").header("X-Labelbox-Event").wants(Mismatch),
		delivery("forged and not JSON").body("\xff{not JSON").signedWith("another secret").wants(Mismatch),
	)
}

// bodies are genuine whatever they hold, and arrive byte for byte.
func bodies() []Case {
	holding := func(name, body string) Case { return delivery("body " + name).body(body) }
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write([]byte(label(`"case":"gzip"`)))
	w.Close()
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	return []Case{
		holding("with every byte there is", string(every)).wantsUnknown(),
		holding("with every byte there is, chunked", string(every)+".").chunked().wantsUnknown(),
		holding("that is not UTF-8", "{\"case\":\"\xff\xfe\xc3(\"}").wantsUnknown(),
		holding("with a byte order mark", "\ufeff"+label(`"case":"bom"`)).wantsUnknown(),
		holding("in UTF-16", "\xff\xfe{\x00}\x00").wantsUnknown(),
		holding("compressed", packed.String()).header("Content-Encoding", "gzip").wantsUnknown(),
		holding("cut short", label(`"case":"cut"`)[:60]).wantsUnknown(),
		holding("of one byte", "x").wantsUnknown(),
		holding("of one blank", " ").wantsUnknown(),
		holding("of one line break", "\n").wantsUnknown(),
		holding("that is a list", `[{"data_row":{"id":"row"}}]`).wantsUnknown(),
		holding("that is null", "null").wantsUnknown(),
		holding("that is an empty object", "{}").wantsUnknown(),
		holding("like a form", "payload=%7B%7D&a=b+c").header("Content-Type", "application/x-www-form-urlencoded").wantsUnknown(),
		holding("nested too deep", strings.Repeat("[", 20_000)+strings.Repeat("]", 20_000)).wantsUnknown(),
		holding("nested deep", label(`"case":`+strings.Repeat("[", 1000)+strings.Repeat("]", 1000))),
		holding("with duplicate keys", label(`"case":"duplicate","case":"keys","data_row":{"id":"row"}`)),
		holding("with huge numbers", label(`"case":1e999999,"more":`+strings.Repeat("9", 5000)+`,"less":-0.`+strings.Repeat("1", 5000))),
		holding("with text beyond ASCII", label(`"case":"Zoë, 猫, \ud83d\ude00, 😀"`)),
		holding("with half a surrogate pair", label(`"case":"\ud83d"`)),
		holding("with CRLF and tabs", strings.ReplaceAll(label(`"case":"crlf"`), ",", ",\r\n\t")),
		holding("with white space around", " \r\n"+label(`"case":"space"`)+"\r\n\n"),
		holding("without a content type", label(`"case":"no content type"`)).header("Content-Type"),
		holding("called octets", label(`"case":"octets"`)).header("Content-Type", "application/octet-stream"),
		holding("called text", label(`"case":"text é"`)).header("Content-Type", "text/plain; charset=iso-8859-1"),
		holding("called multipart", label(`"case":"multipart"`)).header("Content-Type", "multipart/form-data; boundary=x"),
	}
}

// sizes are those around nothing and around the limit.
func sizes() []Case {
	of := func(name string, n int) Case { return delivery("body " + name).body(padded(name, n)) }
	return []Case{
		delivery("body empty, signed").body("").wants(Empty),
		delivery("body empty, chunked").body("").chunked().wants(Empty),
		delivery("body empty, not signed").body("").signature().wants(Empty),
		of("at the limit", MaxBody),
		of("at the limit, chunked", MaxBody).chunked(),
		of("one byte over the limit", MaxBody+1).wants(TooLarge),
		of("one byte over the limit, chunked", MaxBody+1).chunked().wants(TooLarge),
		of("one byte over the limit, not signed", MaxBody+1).signature().wants(TooLarge),
		of("far over the limit", 16*MaxBody).wants(TooLarge),
		of("far over the limit, chunked", 16*MaxBody).chunked().wants(TooLarge),
	}
}

// events are named by the header only where the signed body does not decide.
func events() []Case {
	named := func(header string, event payload.Event) Case {
		return delivery(fmt.Sprintf("event header %q", header)).header("X-Labelbox-Id", "event-header").
			header("X-Labelbox-Event", header).wantsEvent(event, payload.V2)
	}
	return []Case{
		delivery("event header missing").header("X-Labelbox-Event").wantsEvent(payload.LabelUpdated, payload.V2),
		delivery("event header missing, body of no known form").header("X-Labelbox-Event").
			body(`{"case":"no event, no form"}`).wantsUnknown(),
		delivery("event header very long").header("X-Labelbox-Event", strings.Repeat("LABEL_CREATED", 100)).
			wantsEvent(payload.LabelUpdated, payload.V2),
		named("LABEL_DELETED", payload.LabelDeleted),
		named("label_updated", payload.LabelUpdated),
		named("label.deleted", payload.LabelDeleted),
		named("Label-Created", payload.LabelCreated),
		named("Label Created", payload.LabelCreated),
		named("SOMETHING_ELSE", payload.LabelUpdated),
		named("WORKFLOW_ACTION", payload.LabelUpdated), // the body is a label
		named("REVIEW_UPDATED", payload.ReviewUpdated),
		delivery("workflow action under the name of a label").
			body(`{"case":"workflow","action":"MOVE","dataRowIds":["row"],"originTaskId":"a","destinationTaskId":null}`).
			wantsEvent(payload.WorkflowAction, payload.NoVersion),
		delivery("filtered event").header("X-Labelbox-Event", "REVIEW_DELETED").body(`{"case":"filtered"}`).wants(ignored(filtered)),
		delivery("filtered event, forged").header("X-Labelbox-Event", "REVIEW_DELETED").signedWith("another secret").wants(Mismatch),
	}
}

// requests differ in method and headers.
func requests() (cases []Case) {
	for _, method := range []string{"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		cases = append(cases, delivery("method "+method).method(method).wants(NotAllowed))
	}
	return append(cases,
		delivery("method GET without a body").method("GET").body("").signature().wants(NotAllowed),
		delivery("header names in lower case").spelled(strings.ToLower),
		delivery("header names in upper case").spelled(strings.ToUpper),
		delivery("header names in odd case").spelled(func(name string) string {
			odd := []byte(strings.ToLower(name))
			for i := 0; i < len(odd); i += 2 {
				odd[i] = bytes.ToUpper(odd[i : i+1])[0]
			}
			return string(odd)
		}),
		delivery("header values with commas").header("X-Labelbox-Id", "one, two,three"),
		delivery("many headers").header("X-Filler", slices.Repeat([]string{"filler"}, 40)...),
		delivery("delivery id missing").header("X-Labelbox-Id"),
		delivery("delivery id empty").header("X-Labelbox-Id", ""),
		delivery("delivery id with quotes and blanks").header("X-Labelbox-Id", `an "id" of 100% \ours\`),
		delivery("chunked").chunked(),
		delivery("through a few receivers").header("Labelhook-Hop", "2"),
		delivery("through too many receivers").header("Labelhook-Hop", "5").wants(Looping),
		delivery("through too many receivers to count").header("Labelhook-Hop", strings.Repeat("9", 40)).wants(Looping),
		delivery("through too many receivers, forged").header("Labelhook-Hop", "5").signedWith("another secret").wants(Mismatch),
	)
}

// outcomes depend on the destination.
func outcomes() []Case {
	saying := func(name, marker string) Case { return delivery(name).body(label(`"case":"` + marker + `"`)) }
	return []Case{
		saying("destination busy", busy).wants(Failed),
		saying("destination refuses, dead letter takes", refused),
		saying("destination and dead letter refuse", rejected).wants(Rejected),
	}
}
