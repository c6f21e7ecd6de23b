package inspector

import (
	"context"
	"embed"
	"net/http"
	"sync"

	"github.com/labelhook/labelhook/internal/inbox"
	"github.com/labelhook/labelhook/internal/sender"
)

// Options are what the page shows, and what it can do.
type Options struct {
	Inbox   *inbox.Reader
	File    string // the inbox, as commands are to name it
	URL     string // of the receiver that the page is of
	Forward string // where replays go unless the user says otherwise; may be ""

	// Token opens the page to who knows it, from any machine; see [TokenLength]. ""
	// opens it to this machine alone.
	Token string

	// Send sends a delivery to a URL. The error says in a line that the user may
	// read why it was not tried.
	Send func(ctx context.Context, r inbox.Record, to string) (sender.Result, error)

	// Explain says in a few lines why a request was refused.
	Explain func(ctx context.Context, r inbox.Refusal) (string, error)

	// Mask fetches a bitmap of a label with the API key; nil if there is none. It
	// must refuse every host that is not Labelbox's.
	Mask func(ctx context.Context, address string) ([]byte, error)
}

//go:embed static
var static embed.FS

// page has the handlers.
type page struct {
	Options
	ctx  context.Context // ends with the program
	live chan struct{}   // a place for each connection that is told of news

	mu   sync.Mutex
	last drawn // the delivery that was drawn last
}

// New returns the routes of the page: /, and all below /inbox/. What is pushed to
// browsers ends with ctx.
func New(ctx context.Context, o Options) *http.ServeMux {
	p := &page{Options: o, ctx: ctx, live: make(chan struct{}, maxLive)}
	mux := http.NewServeMux()
	for pattern, handler := range map[string]http.HandlerFunc{
		"GET /{$}":                                  p.index,
		"GET /inbox/rows":                           p.rows,
		"GET /inbox/live":                           p.news,
		"GET /inbox/charts":                         p.charts,
		"GET /inbox/changes":                        p.changes,
		"GET /inbox/delivery/{id}":                  p.delivery,
		"GET /inbox/delivery/{id}/payload":          p.payload,
		"GET /inbox/delivery/{id}/picture/{number}": p.scene,
		"GET /inbox/delivery/{id}/mask/{number}":    p.mask,
		"GET /inbox/delivery/{id}/command/{name}":   p.command,
		"POST /inbox/delivery/{id}/replay":          p.replay,
	} {
		mux.Handle(pattern, p.guard(handler))
	}
	mux.Handle("GET /inbox/static/", p.guard(http.StripPrefix("/inbox", http.FileServerFS(static))))
	mux.Handle("POST /inbox/login", p.guard(http.HandlerFunc(p.login)))
	return mux
}
