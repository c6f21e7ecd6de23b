package main

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/labelhook/labelhook/labelbox"
)

// record is what is kept on this machine about a webhook that was made here, or
// is being rotated: what Labelbox does not give back.
type record struct {
	Version   int          `json:"version"`
	Endpoint  string       `json:"endpoint"`           // of the API, without keys
	Webhook   string       `json:"webhook"`            // its id
	CreatedAt time.Time    `json:"created_at"`         // as Labelbox says
	Secret    *fingerprint `json:"secret,omitempty"`   // nil: made elsewhere
	Rotation  *underway    `json:"rotation,omitempty"` // nil: none is under way
}

// underway is a rotation that has begun and not ended.
type underway struct {
	Begun     time.Time    `json:"begun"`
	Secret    *fingerprint `json:"secret"` // the new one
	Generated bool         `json:"generated"`
	File      string       `json:"file,omitempty"` // which the new one was written to, absolute
	Twin      string       `json:"twin,omitempty"` // "": its creation may or may not have been carried out
}

// recordVersion is the version of the records written here.
const recordVersion = 1

// records are the files that hold a record each.
type records struct{ dir, endpoint string }

// records finds the place of the records: labelhook/webhooks in the user's
// folder for the state of programs.
func (t *tool) records() (records, error) {
	endpoint := t.getenv(labelbox.EndpointVariable)
	if endpoint == "" {
		endpoint = labelbox.DefaultEndpoint
	}
	if u, err := url.Parse(endpoint); err == nil {
		u.User, u.RawQuery, u.Fragment = nil, "", ""
		endpoint = u.String()
	}
	state := t.getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) {
		home := t.getenv("HOME")
		if runtime.GOOS == "windows" {
			home = t.getenv("USERPROFILE")
		}
		if home == "" {
			if u, err := user.Current(); err == nil {
				home = u.HomeDir
			}
		}
		if !filepath.IsAbs(home) {
			return records{}, failure(errors.New("there is no home folder to keep the state of webhooks in"), "set XDG_STATE_HOME to a folder that can be written")
		}
		state = filepath.Join(home, ".local", "state")
	}
	return records{filepath.Join(state, "labelhook", "webhooks"), endpoint}, nil
}

// path is the file of one webhook: the same id at another endpoint is another
// webhook.
func (r records) path(id string) string {
	sum := sha256.Sum256([]byte(r.endpoint))
	return filepath.Join(r.dir, url.PathEscape(id)+"."+hex.EncodeToString(sum[:4])+".json")
}

// lock waits until no other process of this user is changing records.
func (r records) lock() (unlock func(), err error) {
	if err = os.MkdirAll(r.dir, 0o700); err == nil {
		unlock, err = lockedfile.MutexAt(filepath.Join(r.dir, "lock")).Lock()
	}
	return unlock, r.cannot(err)
}

// alone waits until no other run on this machine makes or changes webhooks. Where
// there is no place to tell each other, none waits.
func (t *tool) alone() (done func()) {
	if kept, err := t.records(); err == nil {
		if unlock, err := kept.lock(); err == nil {
			return unlock
		}
	}
	return func() {}
}

func (r records) cannot(err error) error {
	if err == nil {
		return nil
	}
	return failure(fmt.Errorf("keeping the state of webhooks: %w", err), "make the folder one that can be written, or set XDG_STATE_HOME to another")
}

// about is the record of a webhook of which no more is known than its secret.
func (r records) about(w labelbox.Webhook, secret *fingerprint) record {
	return record{Version: recordVersion, Endpoint: r.endpoint, Webhook: w.ID, CreatedAt: w.CreatedAt, Secret: secret}
}

// load returns the record of the webhook: an empty one if there is none, or the
// one there is was of another webhook with the same id. A file that cannot be
// understood is an error, for it may hold a rotation.
func (r records) load(w labelbox.Webhook) (record, error) {
	none := r.about(w, nil)
	path := r.path(w.ID)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil
	}
	if err != nil {
		return none, r.cannot(err)
	}
	var found record
	jsonErr := json.Unmarshal(text, &found)
	const hint = "if a twin was made, switch it off (labelhook webhooks list and delete); then remove the file and rotate again"
	switch {
	case jsonErr == nil && found.Version > recordVersion:
		return none, failure(fmt.Errorf("%s was written by a newer labelhook", path), "update labelhook, and go on with that")
	case jsonErr != nil, found.Version != recordVersion, !found.Secret.sound(), found.Rotation != nil && (found.Rotation.Secret == nil || !found.Rotation.Secret.sound()):
		return none, failure(fmt.Errorf("%s is damaged, so it cannot be known what of a rotation was done", path), hint)
	case found.Endpoint != r.endpoint, found.Webhook != w.ID:
		return none, failure(fmt.Errorf("%s is about another webhook", path), "move it to where it belongs; "+hint)
	case !found.CreatedAt.Equal(w.CreatedAt):
		return none, nil
	}
	return found, nil
}

// fingerprints returns those of the webhooks' secrets that are kept here, by id.
// That of a twin stands in the record of the webhook it takes the place of.
func (r records) fingerprints(webhooks []labelbox.Webhook) (map[string]*fingerprint, error) {
	known := map[string]*fingerprint{}
	for _, w := range webhooks {
		rec, err := r.load(w)
		if err != nil {
			return nil, err
		}
		if rec.Secret != nil {
			known[w.ID] = rec.Secret
		}
		if under := rec.Rotation; under != nil && under.Twin != "" {
			known[under.Twin] = under.Secret
		}
	}
	return known, nil
}

// save writes a record as a whole or not at all. One that says nothing is
// removed.
func (r records) save(rec record) error {
	path := r.path(rec.Webhook)
	if rec.Secret == nil && rec.Rotation == nil {
		if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
			return r.cannot(err)
		}
		return nil
	}
	text, err := json.MarshalIndent(rec, "", "  ")
	if err == nil {
		err = os.MkdirAll(r.dir, 0o700)
	}
	if err == nil {
		err = replaceFile(path, append(text, '\n'))
	}
	return r.cannot(err)
}

// keepFingerprint notes which secret a webhook was made with, so that a later
// rotation can tell whether it changes. The webhook is of use without.
func (t *tool) keepFingerprint(w labelbox.Webhook, secret webhookSecret) {
	r, err := t.records()
	if err == nil {
		err = r.save(r.about(w, fingerprintOf(secret.text)))
	}
	if err != nil {
		fmt.Fprintf(t.err, "labelhook: warning: %s; a later rotation must be told the old secret\n", oneLine(err.Error()))
	}
}

// fingerprint recognises a secret without holding it. It is salted and slow, so
// that even a weak secret is found no faster by guessing than one at a time.
type fingerprint struct {
	Salt       []byte `json:"salt"`
	Iterations int    `json:"iterations"`
	Sum        []byte `json:"sum"`
}

// iterations take about a tenth of a second.
const iterations = 200_000

func fingerprintOf(secret string) *fingerprint {
	f := &fingerprint{Salt: make([]byte, 16), Iterations: iterations}
	rand.Read(f.Salt)
	f.Sum = f.sum(secret)
	return f
}

// of reports whether it is the fingerprint of that secret; that of an unknown
// one is nil, and of none.
func (f *fingerprint) of(secret string) bool {
	return f != nil && subtle.ConstantTimeCompare(f.Sum, f.sum(secret)) == 1
}

func (f *fingerprint) sum(secret string) []byte {
	sum, err := pbkdf2.Key(sha256.New, withoutLineBreak(secret), f.Salt, f.Iterations, 16)
	if err != nil {
		panic(err) // the lengths are right
	}
	return sum
}

// sound reports whether the fingerprint can be compared with; so can none.
func (f *fingerprint) sound() bool {
	return f == nil || len(f.Salt) == 16 && len(f.Sum) == 16 && f.Iterations >= 1 && f.Iterations <= 10*iterations
}

// withoutLineBreak drops what is no part of a secret.
func withoutLineBreak(secret string) string {
	return strings.TrimSuffix(strings.TrimSuffix(secret, "\n"), "\r")
}
