package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/environment"
	"github.com/labelhook/labelhook/internal/explain"
)

// maxVerifyBody is the largest input of verify, in bytes. It is well above what
// any receiver lets through.
const maxVerifyBody = 64 << 20

func (t *tool) verifyCommand() *cobra.Command {
	var signature string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify --signature sha1=… FILE|-",
		Short: "Say whether a signature matches a body and, if not, why",
		Long: `Verify says whether a signature matches the exact bytes of a file, or of the
standard input, under the webhook secrets of the environment. When it does not,
verify undoes what usually happens to bodies, secrets and signatures on their
way (an added newline, JSON printed again, a secret pasted with its quotation
marks, base64, SHA-256, …), one with another, and names what explains the
mismatch. It names nothing that the digest does not confirm.

The secrets come from ` + environment.SecretVariable + ` and
` + environment.PreviousVariable + `, or from the lines of the file named by
` + environment.FileVariable + `; on a terminal verify asks when none is set.
No secret is ever printed.

The exit code is 0 on a match, 1 when the signature does not match, and 2 when
there was nothing to compare.`,
		Example: "  labelhook verify --signature sha1=0123456789abcdef0123456789abcdef01234567 body.json\n" +
			"  pbpaste | labelhook verify --signature 'X-Hub-Signature: sha1=…' -\n" +
			"  labelhook verify --json --signature \"$SIGNATURE\" body.json | jq .causes",
		Args: oneArg("file (or - for the standard input)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.verify(cmd.Context(), args[0], signature, asJSON)
		},
	}
	cmd.Flags().StringVar(&signature, "signature", "", "value of the X-Hub-Signature header, or the whole header line")
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
	body, err := t.readBody(ctx, file)
	if err != nil {
		return err
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
	if asJSON {
		if err := writeJSON(t.out, v); err != nil {
			return err
		}
	} else {
		v.print(t.shown(), found.Tried, len(body))
	}
	t.warnOfRefused(secrets)
	if !v.Match {
		return errSilent
	}
	return nil
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

// rawSecret is a webhook secret as it stands in the environment, usable or not.
type rawSecret struct {
	name     string // how the verdict calls it: current, previous, line 3, file, typed
	variable string // where it came from
	text     string
}

// usableSecret returns the first secret, if receivers start with all of them.
func usableSecret(secrets []rawSecret) (rawSecret, error) {
	var lines []string // of a file, which has rules of its own
	for _, s := range secrets {
		_, err := secret.New(s.text)
		if strings.HasPrefix(s.name, "line ") {
			lines = append(lines, s.text)
			_, err = secret.Parse(strings.Join(lines, "\n"))
		}
		var refused *secret.Error
		if errors.As(err, &refused) {
			return rawSecret{}, usage(fmt.Errorf("%s: %w", s.variable, refused), "no receiver would start with such a secret: "+refused.Remedy)
		}
	}
	return secrets[0], nil
}

// rawSecrets returns the texts of the secrets, also those that no receiver
// would start with: they are what there may be to explain.
func (t *tool) rawSecrets(ctx context.Context) ([]rawSecret, error) {
	err := environment.CheckSecretVariables(t.getenv)
	switch {
	case errors.Is(err, environment.ErrNoSecretVariable) && t.canAsk():
		text, err := t.askSecret(ctx)
		switch {
		case err != nil:
			return nil, err
		case text == "":
			return nil, usage(secret.ErrEmpty, "type the secret that was given to Labelbox")
		}
		return []rawSecret{{"typed", "the secret typed", text}}, nil
	case err != nil:
		return nil, err
	case t.getenv(environment.IDVariable) != "":
		_, err := environment.Secrets(t.getenv, nil) // there is no manager here, as it says
		return nil, err
	}
	if path := t.getenv(environment.FileVariable); path != "" {
		return secretLines(path, environment.FileVariable)
	}
	secrets := []rawSecret{{"current", environment.SecretVariable, t.getenv(environment.SecretVariable)}}
	if previous := t.getenv(environment.PreviousVariable); previous != "" {
		secrets = append(secrets, rawSecret{"previous", environment.PreviousVariable, previous})
	}
	return secrets, nil
}

// secretLines reads a file of secrets that the variable or flag from names. One
// that has no lines, for it is in UTF-16 or JSON, is one secret.
func secretLines(path, from string) ([]rawSecret, error) {
	text, err := secret.ReadFile(path)
	if err != nil {
		return nil, usage(fmt.Errorf("%s: %w", from, err), "set it to a readable file with one secret a line")
	}
	if _, err := secret.Parse(text); errors.Is(err, secret.ErrUTF16) || errors.Is(err, secret.ErrJSON) {
		return []rawSecret{{"file", from, text}}, nil
	}
	var secrets []rawSecret
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		name := fmt.Sprintf("line %d", i+1)
		secrets = append(secrets, rawSecret{name, from + ", " + name, line})
	}
	return secrets, nil
}

// warnOfRefused tells which secrets keep a receiver from starting, whatever the
// verdict.
func (t *tool) warnOfRefused(secrets []rawSecret) {
	for _, s := range secrets {
		if _, err := secret.New(s.text); err != nil {
			fmt.Fprintf(t.err, "labelhook: hint: no receiver starts with %s as it is: %v\n", s.variable, err)
		}
	}
}

// readBody reads the exact bytes of the file, - being the standard input.
// Whatever is wrong with it leaves nothing to compare: exit code 2.
func (t *tool) readBody(ctx context.Context, file string) ([]byte, error) {
	const hint = "give a file that holds the exact bytes of the request's body, or - for the standard input"
	name, in := file, io.Reader(nil)
	if file == "-" {
		name, in = "the standard input", t.in
	} else {
		f, err := os.Open(file)
		if err != nil {
			return nil, usage(err, hint)
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return nil, usage(fmt.Errorf("%s is a directory", file), hint)
		}
		in = f
	}
	body, err := readAll(ctx, in, maxVerifyBody)
	switch {
	case err == errInterrupted:
		return nil, failure(err, "")
	case err == errTooLarge:
		return nil, usage(fmt.Errorf("%s is larger than %d MiB", name, maxVerifyBody>>20), "no receiver lets such a body through; is it the right file?")
	case err != nil:
		return nil, usage(fmt.Errorf("reading %s: %w", name, err), hint)
	case len(body) == 0:
		return nil, usage(fmt.Errorf("%s is empty", name), "receivers refuse an empty body; save the request's body before anything else reads it")
	}
	return body, nil
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
