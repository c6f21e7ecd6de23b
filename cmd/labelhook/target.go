package main

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/labelhook/labelhook/internal/loopback"
)

// checkTo refuses a --to that is not an HTTP URL, and warns of one whose
// payloads others on the way can read. Nothing it says repeats more of the URL
// than the host: the rest may hold a password or a function key.
func (t *tool) checkTo(to string) error {
	const hint = "write the whole URL, such as --to http://" + defaultAddr + defaultPath
	u, err := url.Parse(to)
	switch {
	case to == "":
		return usage(errors.New("--to: not given, so there is no receiver to send to"), hint)
	case err != nil, u.Scheme == "":
		return usage(errors.New("--to: not a URL"), hint)
	case u.Scheme != "http" && u.Scheme != "https":
		return usage(errors.New("--to: the URL does not begin with http:// or https://"), hint)
	case u.Hostname() == "":
		return usage(errors.New("--to: the URL names no host"), hint)
	}
	if u.Scheme == "http" && !loopback.Reaches(u.Hostname()) {
		fmt.Fprintf(t.err, "labelhook: warning: --to: http to %s is not encrypted; others on the way can read the payloads\n", u.Hostname())
	}
	return nil
}
