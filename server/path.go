package server

import (
	"fmt"
	"strings"
)

// HealthPath answers GET with 200 while the server runs.
const HealthPath = "/healthz"

// CleanPath returns the path at which deliveries can be received, without the
// slash at its end, or says why they cannot be. What it takes stands in a URL as
// it is: nothing in it is escaped, cut off or resolved on the way.
func CleanPath(path string) (string, error) {
	if path == "" || path[0] != '/' {
		before, _, _ := strings.Cut(path, "?") // a query may hold a key
		return "", fmt.Errorf("the path %q does not begin with a slash", before)
	}
	for i, c := range []byte(path) {
		switch {
		case c == '?':
			return "", fmt.Errorf("the path %q is followed by a query: leave it out here; a registered URL may have one", path[:i])
		case c == '#':
			return "", fmt.Errorf("the path %q is followed by a fragment, which no sender sends", path[:i])
		case c == '%', c <= ' ', c >= 0x7f, strings.IndexByte("\"\\<>^`|", c) >= 0:
			return "", fmt.Errorf("the path has %q in it, which a URL has in another form only", path[i:i+1])
		}
	}
	clean := strings.TrimSuffix(path, "/")
	if clean == "" || clean == HealthPath {
		return "", fmt.Errorf("the path %q is taken by something else", path)
	}
	for part := range strings.SplitSeq(clean[1:], "/") {
		if part == "" || part == "." || part == ".." {
			return "", fmt.Errorf("the path %q has a part %q, which clients resolve or proxies drop", clean, part)
		}
	}
	return clean, nil
}
