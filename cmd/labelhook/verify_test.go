package main

import (
	"context"
	"io"
	"strings"
	"testing"
)

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
