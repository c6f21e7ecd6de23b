package main

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
)

func TestVerifyExitCodes(t *testing.T) {
	secret := keyOf(t, checkedSecret)
	folder := t.TempDir()
	body, empty := fileOf(t, filepath.Join(folder, "body"), "body"), fileOf(t, filepath.Join(folder, "empty"), "")
	good, bad := core.Sign([]byte("body"), secret), core.Sign([]byte("another"), secret)
	env := withSecret
	for name, c := range map[string]struct {
		env  map[string]string
		args []string
		want int
	}{
		"match":              {env, []string{"--signature", good, body}, exitDone},
		"match as JSON":      {env, []string{"--signature", good, "--json", body}, exitDone},
		"no match":           {env, []string{"--signature", bad, body}, exitFailed},
		"no match as JSON":   {env, []string{"--signature", bad, "--json", body}, exitFailed},
		"no file":            {env, []string{"--signature", good}, exitUsage},
		"two files":          {env, []string{"--signature", good, body, body}, exitUsage},
		"no signature":       {env, []string{body}, exitUsage},
		"an empty signature": {env, []string{"--signature", "", body}, exitUsage},
		"a missing file":     {env, []string{"--signature", good, body + "x"}, exitUsage},
		"a directory":        {env, []string{"--signature", good, folder}, exitUsage},
		"an empty file":      {env, []string{"--signature", good, empty}, exitUsage},
		"an empty input":     {env, []string{"--signature", good, "-"}, exitUsage},
		"an unknown flag":    {env, []string{"--secret", "x", body}, exitUsage},
		"no secret":          {nil, []string{"--signature", good, body}, exitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := runTool(t, c.env, append([]string{"verify"}, c.args...)...)
			if code != c.want {
				t.Errorf("exit code %d, want %d", code, c.want)
			}
			lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
			if c.want == exitUsage && (stdout != "" || len(lines) > 2 || !strings.HasPrefix(lines[0], "labelhook: error: ")) {
				t.Errorf("want an error in one line and a hint:\n%s%s", stdout, stderr)
			}
			if strings.Contains(stdout+stderr, checkedSecret) {
				t.Error("the secret is printed")
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestVerifyGivesUpOnEndlessInput(t *testing.T) {
	code, _, stderr := runWith(t.Context(), zeros{}, withSecret, "verify", "--signature", "sha1=00", "-")
	if want := "labelhook: error: the standard input is larger than 64 MiB\n"; code != exitUsage || !strings.HasPrefix(stderr, want) {
		t.Errorf("exit code %d, %q", code, stderr)
	}
}

func TestVerifyCanBeInterrupted(t *testing.T) {
	in, out := io.Pipe() // nobody ever writes
	defer out.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	code, _, stderr := runWith(ctx, in, withSecret, "verify", "--signature", "sha1=00", "-")
	if code != exitFailed || stderr != "labelhook: error: interrupted\n" {
		t.Errorf("exit code %d, %q", code, stderr)
	}
}

func TestHeaderValue(t *testing.T) {
	for given, want := range map[string]string{
		"sha1=00":                    "sha1=00",
		"X-Hub-Signature: sha1=00":   "sha1=00",
		"x-hub-signature:sha1=00\r":  "sha1=00",
		"X-Hub-Signature:":           "",
		"X-Hub-Signature-256: sha1=": "X-Hub-Signature-256: sha1=", // left for the explanation
		" sha1=00":                   " sha1=00",                   // so is white space around a bare value
		"Other: sha1=00":             "Other: sha1=00",
	} {
		if got := headerValue(given); got != want {
			t.Errorf("headerValue(%q) = %q, want %q", given, got, want)
		}
	}
}
