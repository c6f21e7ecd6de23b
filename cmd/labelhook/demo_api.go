package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/inbox"
	"github.com/labelhook/labelhook/internal/labelboxfake"
	"github.com/labelhook/labelhook/internal/local"
	"github.com/labelhook/labelhook/internal/sender"
	"github.com/labelhook/labelhook/labelbox"
)

// tryAllWithAPI is tryAll with a stand-in of Labelbox's API that delivers what
// is genuine, from the registration of the receiver to its end.
func tryAllWithAPI(ctx context.Context, all []attempt, url, secret string, send func(context.Context, attempt) (sender.Result, error), box *inbox.Inbox) ([]demoRow, error) {
	key := rand.Text()
	api := labelboxfake.New(key)
	for _, a := range all {
		d := core.Identify(a.request.Header, a.request.Body)
		if d.ProjectID != "" {
			api.AddProjectWithID(d.ProjectID, "a project of the samples")
		}
	}
	sock, err := local.Listen("127.0.0.1:0", false)
	if err != nil {
		return nil, listenError(err)
	}
	server := &http.Server{Handler: api}
	go server.Serve(sock)
	defer server.Close()
	client, err := labelbox.NewClient(key, labelbox.WithEndpoint("http://"+sock.Addr().(*net.TCPAddr).String()+"/graphql"), labelbox.WithLoopbackWebhooks())
	if err != nil {
		return nil, err
	}

	created, err := client.CreateWebhook(ctx, labelbox.NewWebhook{URL: url, Secret: secret, Topics: labelbox.Topics(), WholeOrganization: true})
	if err != nil {
		return nil, err
	}
	first := true
	var again sender.Request
	rows, err := tryAll(ctx, all, func(ctx context.Context, a attempt) (sender.Result, error) {
		switch {
		case a.again:
			a.request = again
		case a.code == "":
			r, err := deliveredBy(ctx, api, a)
			if first {
				again, first = r.Request, false
			}
			return r, err
		}
		return send(ctx, a)
	}, box)
	if err != nil {
		return nil, err
	}
	off, err := client.DeactivateWebhook(ctx, created.ID)
	if err != nil {
		return nil, err
	}
	receipts, err := api.Deliver(ctx, all[0].sample.Header, all[0].sample.Body())
	if err != nil {
		return nil, err
	}
	registered := demoRow{Request: "registered", Status: 200, Verdict: "webhook " + created.ID + " is " + string(created.Status), OK: created.Status == labelbox.Active}
	switchedOff := demoRow{Request: "switched off", Status: 200, Verdict: "webhook " + off.ID + " delivers nothing any more", OK: off.Status == labelbox.Inactive}
	if len(receipts) > 0 {
		switchedOff.OK, switchedOff.Verdict = false, "WRONG: it goes on delivering"
	}
	return append(append([]demoRow{registered}, rows...), switchedOff), nil
}

// deliveredBy has the API deliver a sample to the one webhook there is.
func deliveredBy(ctx context.Context, api *labelboxfake.API, a attempt) (sender.Result, error) {
	receipts, err := api.Deliver(ctx, a.sample.Header, a.request.Body)
	if err == nil && len(receipts) != 1 {
		err = errors.New("it reaches no webhook")
	}
	if err != nil {
		return sender.Result{}, failure(fmt.Errorf("delivering %s: %w", a.sample.Name, err), "")
	}
	return receipts[0].Result, nil
}
