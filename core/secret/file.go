package secret

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"
)

const (
	maxSecrets    = 5        // in a file: the current one and those before it
	maxSecretFile = 64 << 10 // bytes

	// formerFor is how long a secret counts that a file no longer holds.
	formerFor = time.Hour

	// A file that was changed less than unsettled ago is read until it is the
	// same twice, settling apart: it may be half written.
	unsettled = time.Second
	settling  = 100 * time.Millisecond
)

// What [Parse] refuses besides what [New] does.
var (
	errComment = &Error{"begins with #, as a comment does", "a file of secrets has no comments; a secret that begins so is set as variable, not as file"}
	errProse   = &Error{"has blanks in it, and other lines beside it", "take the line out if it is no secret; one with blanks stands alone in its file"}
	errMany    = &Error{fmt.Sprintf("is one of more than %d", maxSecrets), "keep the current secret and the one before it"}
	errCut     = &Error{"is the beginning of the one read before", "write a file of secrets under another name, then rename it; if the secret is meant, restart the receiver"}
)

// Parse reads the text of a file of secrets: one a line, the current one
// first, at most five. Lines end in \n or \r\n; the last need not. Each is a
// secret by the rules of [New]. There are no empty lines and no comments,
// and where there are several lines no blanks in them, so that no remark becomes
// a key. An error names the line and matches an [*Error].
func Parse(text string) ([]Secret, error) {
	lines, err := parseLines(text)
	return secretsOf(lines), err
}

// line is a secret of a file.
type line struct {
	text   string
	secret Secret
	until  time.Time // when it no longer counts; zero while the file holds it
}

func parseLines(text string) ([]line, error) {
	switch {
	case isUTF16(text):
		return nil, ErrUTF16
	case isDocument(text):
		return nil, ErrJSON
	}
	var all []line
	texts := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, text := range texts {
		s, err := New(text)
		text = withoutLineBreak(text)
		switch {
		case strings.HasPrefix(text, "#"):
			err = errComment
		case err == nil && len(texts) > 1 && strings.ContainsFunc(text, unicode.IsSpace):
			err = errProse
		case err == nil && i >= maxSecrets:
			err = errMany
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		all = append(all, line{text: text, secret: s})
	}
	return all, nil
}

func secretsOf(lines []line) []Secret {
	var secrets []Secret
	for _, l := range lines {
		secrets = append(secrets, l.secret)
	}
	return secrets
}

// ReadFile returns the text of a file of secrets. It reads no more than
// 64 KiB, which no such file has.
func ReadFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	switch {
	case err != nil:
		return "", err
	case len(text) > maxSecretFile:
		return "", fmt.Errorf("%s: larger than %d KiB, so it is no file of secrets", path, maxSecretFile>>10)
	}
	return string(text), nil
}

// File is a source that reads a file of secrets by the rules of
// [Parse]: when they are first needed, again every minute, for secrets
// mounted into a container change under it, and when a signature matches none,
// at most ten times a second.
//
// Secrets that the file no longer holds count for another hour, and so do all of
// them while it cannot be read or holds no secret. A secret that is cut short is
// not believed. That a file holds fewer secrets is logged as a warning.
//
// To change the file, write a new one beside it and rename that. To take a
// secret out of use at once, restart the receiver. What is no regular file, such
// as a pipe, is not read: that could take without end.
func File(path string) *Cached {
	source := &Cached{Name: "file " + path, MaxAge: time.Minute, RereadEvery: 100 * time.Millisecond}
	file := &secretFile{path: path}
	source.Fetch = func(ctx context.Context) ([]Secret, error) {
		before := file.live
		gone, err := file.read(ctx)
		if err != nil {
			return nil, err
		}
		if gone > 0 {
			level := slog.LevelInfo
			if file.live < before {
				level = slog.LevelWarn
			}
			source.logger().Log(ctx, level, "the file of webhook secrets has changed; those that it no longer holds count for a while",
				"source", source.Name, "secrets", file.live, "gone", gone, "count_for_s", int(formerFor.Seconds()))
		}
		return secretsOf(file.lines), nil
	}
	return source
}

// secretFile remembers what a file of secrets held.
type secretFile struct {
	path  string
	lines []line // of the last good reading, then those of readings before that still count
	live  int    // how many are of the last
}

// read reads the file again and returns how many secrets have gone from it.
func (f *secretFile) read(ctx context.Context) (gone int, err error) {
	if info, err := os.Stat(f.path); err == nil && !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%s: it is no regular file", f.path)
	}
	text, err := readSettled(ctx, f.path)
	if err != nil {
		return 0, err
	}
	lines, err := parseLines(text)
	for _, l := range lines {
		if f.cut(l.text) {
			err = errCut
		}
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w", f.path, err)
	}
	now := time.Now()
	f.live = len(lines)
	for _, old := range f.lines {
		if slices.ContainsFunc(lines, func(l line) bool { return l.text == old.text }) {
			continue
		}
		if old.until.IsZero() {
			old.until = now.Add(formerFor)
			gone++
		}
		halfWritten := slices.ContainsFunc(lines, func(l line) bool { return strings.HasPrefix(l.text, old.text) })
		if !halfWritten && !now.After(old.until) {
			lines = append(lines, old)
		}
	}
	f.lines = lines
	return gone, nil
}

// cut reports whether text is the beginning of a secret that counts, and none
// itself.
func (f *secretFile) cut(text string) bool {
	cut := false
	for _, l := range f.lines {
		if l.text == text {
			return false
		}
		cut = cut || strings.HasPrefix(l.text, text)
	}
	return cut
}

// readSettled reads a file while it is not being written.
func readSettled(ctx context.Context, path string) (string, error) {
	text, err := ReadFile(path)
	for err == nil && fresh(path) {
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("%s: it is being written: %w", path, ctx.Err())
		case <-time.After(settling):
		}
		var again string
		if again, err = ReadFile(path); again == text {
			break
		}
		text = again
	}
	return text, err
}

// fresh reports whether a file was changed a moment ago.
func fresh(path string) bool {
	info, err := os.Stat(path)
	return err == nil && time.Since(info.ModTime()) < unsettled
}
