package labelbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/labelhook/labelhook/internal/httpclient"
	"github.com/labelhook/labelhook/internal/printable"
)

// ErrForeignHost is matched when a file is not fetched because its host is not
// Labelbox's: the API key would go there.
var ErrForeignHost = errors.New("its host is not Labelbox's, so the API key must not go there")

// File fetches a file of a label that takes the API key, such as a mask, of at most
// limit bytes. The address stands in a payload and so may be any: the key goes only
// to Labelbox's hosts, labelbox.com and those below it, by https, and to that of the
// client's own endpoint. No redirect is followed, for it would lead the key
// elsewhere. The error matches [ErrForeignHost] or is an [*Error]; it never has the
// address's query, which may be a key itself.
func (c *Client) File(ctx context.Context, address string, limit int64) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || !c.mayHaveKey(u) {
		return nil, fmt.Errorf("%s: %w", printable.URL(address), ErrForeignHost)
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+c.key)
	request.Header.Set("User-Agent", userAgent())
	answer, err := httpclient.Do(c.http, request)
	if err != nil {
		return nil, c.unanswered(ctx, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, &Error{Kind: kindOfFile(answer.StatusCode), Status: answer.StatusCode, Message: "the file was answered " + answer.Status}
	}
	content, err := io.ReadAll(io.LimitReader(answer.Body, limit+1))
	switch {
	case err != nil:
		return nil, c.unanswered(ctx, err)
	case int64(len(content)) > limit:
		return nil, &Error{Kind: ErrUnexpected, Message: fmt.Sprintf("the file is larger than %d bytes", limit)}
	}
	return content, nil
}

// mayHaveKey reports whether the API key may go to a URL.
func (c *Client) mayHaveKey(u *url.URL) bool {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if u.Scheme == "https" && (u.Port() == "" || u.Port() == "443") && (host == "labelbox.com" || strings.HasSuffix(host, ".labelbox.com")) {
		return true
	}
	own, err := url.Parse(c.endpoint)
	return err == nil && u.Scheme == own.Scheme && strings.EqualFold(u.Host, own.Host)
}

func kindOfFile(status int) error {
	switch {
	case status == http.StatusUnauthorized:
		return ErrAuthentication
	case status == http.StatusForbidden:
		return ErrAuthorization
	case status == http.StatusNotFound || status == http.StatusGone:
		return ErrNotFound
	case status == http.StatusTooManyRequests:
		return ErrRateLimit
	case status >= 500:
		return ErrServer
	}
	return ErrUnexpected
}
