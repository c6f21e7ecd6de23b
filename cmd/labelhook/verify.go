package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/environment"
	"github.com/labelhook/labelhook/internal/explain"
	"github.com/labelhook/labelhook/internal/inbox"
	"github.com/labelhook/labelhook/internal/printable"
)

// maxVerifyBody is the largest input of verify, in bytes. It is well above what
// any receiver lets through.
const maxVerifyBody = 64 << 20

func (t *tool) verifyCommand() *cobra.Command {
	var signature, id string
	var asJSON bool
	var s selection
	cmd := &cobra.Command{
		Use:   "verify (--signature sha1=… FILE|- | --id ID)",
		Short: "Say whether a signature matches a body and, if not, why",
		Long: `Verify says whether a signature matches the exact bytes of a file, or of the
standard input, under the webhook secrets of the environment. When it does not,
verify undoes what usually happens to bodies, secrets and signatures on their
way (an added newline, JSON printed again, a secret pasted with its quotation
marks, base64, SHA-256, …), one with another, and names what explains the
mismatch. It names nothing that the digest does not confirm.

--id takes body and signature from an inbox: of a refused request, as events
--refused lists them, or of a delivery.

The secrets come from ` + environment.SecretVariable + ` and
` + environment.PreviousVariable + `, or from the lines of the file named by
` + environment.FileVariable + `; on a terminal verify asks when none is set.
No secret is ever printed.

The exit code is 0 on a match, 1 when the signature does not match, and 2 when
there was nothing to compare.`,
		Example: "  labelhook verify --signature sha1=0123456789abcdef0123456789abcdef01234567 body.json\n" +
			"  pbpaste | labelhook verify --signature 'X-Hub-Signature: sha1=…' -\n" +
			"  labelhook verify --id r12\n" +
			"  labelhook verify --json --signature \"$SIGNATURE\" body.json | jq .causes",
		Args: func(cmd *cobra.Command, args []string) error {
			if id != "" {
				return noArgs(cmd, args)
			}
			return oneArg("file (or - for the standard input)")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if id != "" {
				if signature != "" {
					return usage(errors.New("--id and --signature exclude each other"), "--id takes the signature from the inbox")
				}
				return t.verifyKept(cmd.Context(), s, id, asJSON)
			}
			return t.verify(cmd.Context(), args[0], signature, asJSON)
		},
	}
	cmd.Flags().StringVar(&signature, "signature", "", "value of the X-Hub-Signature header, or the whole header line")
	cmd.Flags().StringVar(&id, "id", "", "`id` of a refused request, such as r12, or of a delivery in the inbox, in place of --signature and a file")
	cmd.Flags().StringVar(&s.file, "inbox", defaultInbox, "`file` that --id looks in")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the verdict as JSON")
	return cmd
}

func (t *tool) verify(ctx context.Context, file, signature string, asJSON bool) error {
	signature = headerValue(signature)
	if strings.TrimSpace(signature) == "" {
		return usage(errors.New("--signature is not given or empty"), "give the value of the "+core.SignatureHeader+" header: --signature sha1=…")
	}
	secrets, err := t.rawSecrets(ctx)
	if err != nil {
		return err
	}
	body, err := t.readBody(ctx, "", file, maxVerifyBody)
	switch {
	case err != nil:
		return err
	case len(body) == 0:
		return usage(fmt.Errorf("%s is empty", inputName(file)), "receivers refuse an empty body; save the request's body before anything else reads it")
	}
	if len(body) > 1<<20 && isTerminal(t.err) {
		fmt.Fprintf(t.err, "labelhook: verifying %d MiB; should the signature not match, finding out why takes some seconds per MiB\n", len(body)>>20)
	}
	var texts []string
	for _, s := range secrets {
		texts = append(texts, s.text)
	}
	found, err := explain.Explain(ctx, body, signature, texts)
	if err != nil {
		return failure(errInterrupted, "")
	}
	v := newVerdict(found, secrets)
	return t.conclude(v, secrets, asJSON, func(w io.Writer) { v.print(w, found.Tried, len(body)) })
}

// conclude prints the verdict. That there is no match is the exit code.
func (t *tool) conclude(v verdict, secrets []rawSecret, asJSON bool, print func(io.Writer)) error {
	if asJSON {
		if err := writeJSON(t.out, v); err != nil {
			return err
		}
	} else {
		print(t.shown())
	}
	t.warnOfRefused(secrets)
	if !v.Match {
		return errSilent
	}
	return nil
}

// verifyKept explains what is in an inbox: a refused request, or a delivery.
func (t *tool) verifyKept(ctx context.Context, s selection, id string, asJSON bool) error {
	reader, err := s.open()
	if err != nil {
		return err
	}
	defer reader.Close()
	var r inbox.Refusal
	if number, refused := inbox.RefusalNumber(id); refused {
		if r, err = oneRefusal(ctx, reader, number); err != nil {
			return err
		}
	} else {
		d, err := oneRecord(ctx, reader, id)
		if err != nil {
			return err
		}
		if d.Signature == "" {
			return failure(fmt.Errorf("the delivery %s came without a signature", printable.Text(id)), "there is nothing to verify; its origin is "+orDash(d.Origin))
		}
		r = inbox.Refusal{Code: core.CodeSignatureMismatch, Headers: []core.HeaderField{{Name: core.SignatureHeader, Value: d.Signature}}, Body: d.Body}
	}
	secrets, err := t.rawSecrets(ctx)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	v, err := explainRefusal(ctx, &text, r, secrets)
	if err != nil {
		return err
	}
	return t.conclude(v, secrets, asJSON, func(w io.Writer) { text.WriteTo(w) })
}

// headerValue takes the name of the header and the white space that HTTP allows
// around its value off a header line. Anything else is a value already.
func headerValue(signature string) string {
	name, value, found := strings.Cut(signature, ":")
	if found && strings.EqualFold(strings.TrimSpace(name), core.SignatureHeader) {
		return strings.TrimSpace(value)
	}
	return signature
}

// verdict is what verify prints; its names in JSON are stable.
type verdict struct {
	Match   bool            `json:"match"`
	Secret  string          `json:"secret"`  // which one matches, or does once the causes are undone; else ""
	Refusal core.Code       `json:"refusal"` // the code that a receiver answers with; "" on a match
	Reason  string          `json:"reason"`  // the same in words
	Causes  []explain.Cause `json:"causes"`
}

func newVerdict(found explain.Verdict, secrets []rawSecret) verdict {
	v := verdict{Match: found.Match, Causes: found.Causes}
	if found.Secret >= 0 {
		v.Secret = secrets[found.Secret].name
	}
	if err := found.Refusal; err != nil {
		v.Reason = err.Error()
		v.Refusal = core.CodeOf(err)
	}
	return v
}

// print writes the verdict for a person.
func (v verdict) print(w io.Writer, tried, size int) {
	if v.Match {
		fmt.Fprintf(w, "match: the signature is that of these %d bytes under %s\n", size, secretInWords(v.Secret))
		return
	}
	fmt.Fprintf(w, "no match: %s\n", v.Reason)
	switch {
	case len(v.Causes) > 0:
		fmt.Fprintf(w, "\nWhat happened, confirmed by the digest under %s:\n", secretInWords(v.Secret))
		for i, c := range v.Causes {
			fmt.Fprintf(w, "%2d. %s [%s]\n    remedy: %s\n", i+1, c.What, c.Code, c.Remedy)
		}
	case tried == 0:
		fmt.Fprint(w, `
The signature holds no digest to compare: neither 40, 64 nor 128 hexadecimal
digits, nor the same in base64. It was probably cut, or is not a signature.
Copy the whole value of the `+core.SignatureHeader+` header.
`)
	default:
		fmt.Fprintf(w, `
Nothing that usually goes wrong explains it. %d digests were tried, for every
combination of
  - the body as it is; out of base64, a JSON string, UTF-16 or a Lambda event;
    with line ends, newlines, white space or a byte order mark added or lost;
    its JSON as Python, JavaScript and Go print it; with its encoding mistaken
  - the secret as it is; with white space, quotation marks, line breaks, a name
    and an equals sign, base64, hexadecimal, UTF-16 or JSON around it that only
    one side has; empty
  - HMAC and plain digests, with SHA-1, SHA-256 and SHA-512
What is left:
  - the sender has another secret (was it rotated? is it another project's webhook?)
  - the body was edited, cut, or belongs to another delivery than the signature
`, tried)
	}
}

func secretInWords(name string) string {
	switch {
	case strings.HasPrefix(name, "line "):
		return "the secret on " + name + " of the file"
	case name == "typed":
		return "the secret typed"
	case name == "file":
		return "the secret in the file"
	}
	return "the " + name + " secret"
}
