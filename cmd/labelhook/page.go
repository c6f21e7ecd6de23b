package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/labelhook/labelhook/internal/httpclient"
	"github.com/labelhook/labelhook/internal/inbox"
	"github.com/labelhook/labelhook/internal/inspector"
	"github.com/labelhook/labelhook/internal/sender"
	"github.com/labelhook/labelhook/labelbox"
)

// pageTokenVariable names the token of the page, which --page-token shows to all
// who may list processes.
const pageTokenVariable = "LABELHOOK_PAGE_TOKEN"

// maxMask is the largest file of a mask that the page shows, in bytes.
const maxMask = 32 << 20

// pageOf makes the page of a receiver.
func (t *tool) pageOf(ctx context.Context, box *inbox.Inbox, o inspector.Options, roots *x509.CertPool, secrets func() ([]rawSecret, error)) *http.ServeMux {
	client := sender.NewClient(1, sender.Timeout, roots)
	context.AfterFunc(ctx, client.CloseIdleConnections)
	o.Inbox = box.Reader
	o.Send = func(ctx context.Context, r inbox.Record, to string) (sender.Result, error) {
		if err := checkReplayTo(to); err != nil {
			return sender.Result{}, err
		}
		result := sender.Do(ctx, client, to, original(r))
		if result.OK() && r.Status == inbox.Failed {
			return result, box.SetStatus(ctx, r.Delivery(), inbox.Accepted)
		}
		return result, nil
	}
	o.Explain = func(ctx context.Context, r inbox.Refusal) (string, error) {
		live, err := secrets()
		if err != nil {
			return "", err
		}
		var text bytes.Buffer
		_, err = explainRefusal(ctx, &text, r, live)
		return text.String(), err
	}
	if t.getenv(labelbox.KeyVariable) != "" {
		o.Mask = func(ctx context.Context, address string) ([]byte, error) {
			var options []labelbox.Option
			if roots != nil {
				options = append(options, labelbox.WithHTTPClient(httpclient.New(httpclient.Options{RootCAs: roots})))
			}
			api, err := labelbox.FromEnvironment(t.getenv, options...)
			if err != nil {
				return nil, err
			}
			return api.File(ctx, address, maxMask)
		}
	}
	return inspector.New(ctx, o)
}

// checkReplayTo says what is wrong with a URL that somebody has typed into the page.
func checkReplayTo(to string) error {
	u, err := url.Parse(to)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return errors.New("write the whole URL, such as http://127.0.0.1:9000/hook")
	}
	return nil
}

// pageToken returns the token that the page asks for, "" for none. on is false
// where there must be no page.
func (t *tool) pageToken(l listener) (token string, on bool, err error) {
	token = l.token
	from := "--page-token"
	if token == "" {
		token, from = t.getenv(pageTokenVariable), pageTokenVariable
	}
	switch {
	case l.noPage && l.token != "":
		return "", false, usage(errors.New("--no-page and --page-token exclude each other"), "give one of them")
	case l.noPage, token == "" && l.public:
		return "", false, nil
	case token != "" && len(token) < inspector.TokenLength:
		return "", false, usage(fmt.Errorf("%s: the token has %d bytes; %d are the least", from, len(token), inspector.TokenLength), "make one with: openssl rand -hex 16")
	}
	return token, true, nil
}
