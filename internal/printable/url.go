package printable

import "net/url"

// URL returns the scheme and host of a URL, with the port if it names one:
// user information, path, query and fragment may each be a key. Of a text that
// is not the URL of a host it returns nothing, because any part of it
// may be a password.
func URL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return "(not a URL)"
	}
	return Text(u.Scheme + "://" + u.Host)
}
