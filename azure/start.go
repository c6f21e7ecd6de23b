package azure

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/environment"
	"github.com/labelhook/labelhook/internal/floodlog"
	"github.com/labelhook/labelhook/internal/printable"
)

// Start receives deliveries until the process is told to end. It is the whole of
// a main function, and does not return.
//
// Every genuine delivery goes to h and to the destinations that the
// environment names: log:, file:, https: and those of [core.WithDestination]. h may be
// nil; with no destination either, deliveries go to log:. The variables are the
// same as on every platform: LABELBOX_WEBHOOK_SECRET, LABELBOX_WEBHOOK_SECRET_FILE
// or LABELBOX_WEBHOOK_SECRET_ID for the secret; LABELHOOK_EVENTS and
// LABELHOOK_MAX_BODY for what is let through; LABELHOOK_DESTINATIONS,
// LABELHOOK_DEAD_LETTER and LABELHOOK_OVERFLOW for where it goes. One whose name is
// nearly one of them is a wrong configuration. LABELBOX_WEBHOOK_SECRET_ID is the URL
// of a secret in a [KeyVault]; it is fetched at once, though nothing waits for it.
//
// A delivery has three quarters of the host's functionTimeout, with every
// handler; see [NewHandler].
//
// Start listens on 127.0.0.1 at the port in FUNCTIONS_CUSTOMHANDLER_PORT (8080
// without it), and takes deliveries at /api/labelbox and /labelbox. With a wrong
// configuration it logs which variable is wrong and what to write, and answers
// all deliveries 503. The exit status is never 0, which would tell the host to
// leave it at that: it is 1 if it cannot listen (any more), and 128 and the
// signal's number (143) after SIGTERM or SIGINT, once the requests under way are
// answered or ten seconds are over.
//
// Logs go to standard output, from LABELHOOK_LOG_LEVEL on; those of [slog.Default]
// and package log do so too from then on.
func Start(h core.Handler, options ...core.Option) {
	os.Exit(start(h, options, program{configure, route}))
}

// program is what is particular to a receiver or a worker.
type program struct {
	configure func(environment.Platform) (answers http.Handler, destinations []string) // also with a wrong configuration
	route     func(http.Handler, *slog.Logger) http.Handler
}

func start(h core.Handler, options []core.Option, is program) (status int) {
	level, levelError := environment.LogLevel(os.Getenv)
	p := environment.Platform{
		Options: core.Options{Logger: NewLogger(os.Stdout, level)},
		Manager: KeyVault{}.Secrets,
		Handler: h,
		Own:     ownURL(os.Getenv),
	}
	for _, option := range options {
		option(&p.Options)
	}
	slog.SetDefault(p.Logger)
	if levelError != nil {
		p.Logger.Error("wrong configuration; logging from info on", "error", levelError)
	}
	listener, err := listen(os.Getenv)
	if err != nil {
		p.Logger.Error("cannot listen", "error", err)
		return 1
	}
	// The host asks whether it is ready until it gets an answer, and only then
	// passes anything on: so that comes first, and the rest meanwhile.
	configured := sync.OnceValue(func() http.Handler {
		answers, destinations := is.configure(p)
		p.Logger.Info("listening", "address", listener.Addr().String(), "destinations", destinations)
		return answers
	})
	signals := make(chan os.Signal, 1)
	go func() {
		signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
		configured()
	}()
	later := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { configured().ServeHTTP(w, r) })
	return serve(listener, is.route(later, p.Logger), signals, p.Logger)
}

// configure makes the receiver. A configuration that is wrong makes one that
// says so at every delivery: to end would make the host give up.
func configure(p environment.Platform) (answers http.Handler, destinations []string) {
	receiver, destinations, err := environment.Receiver(p)
	if err != nil {
		p.Logger.Error("wrong configuration; every delivery is answered 503 until the app starts with a right one", "error", err)
		return NewHandler(environment.Misconfigured(err, p.Logger)), nil
	}
	warmUp(receiver, p.Logger)
	return NewHandler(receiver), destinations
}

// warmUp fetches the secret now, so that the first delivery need not wait for a vault.
func warmUp(receiver *core.Receiver, logger *slog.Logger) {
	if receiver.Secrets == nil {
		return // a worker that verifies nothing
	}
	go func() {
		if _, err := receiver.Secrets.Secrets(context.Background()); err != nil {
			logger.Error("no webhook secret yet; every delivery is answered 503 until there is one", "error", err)
		}
	}()
}

// strays are the requests to other paths, of which each is logged once a minute.
var strays = floodlog.New(1, time.Minute)

// ownURL reports whether a URL leads to the app's own host name, which would
// bill for every turn. Names of its own that the app has besides are not known;
// the hop count ends what comes back by them.
func ownURL(getenv func(string) string) func(address string) bool {
	own := getenv("WEBSITE_HOSTNAME") // https://learn.microsoft.com/azure/app-service/reference-app-settings
	return func(address string) bool {
		u, err := url.Parse(address)
		return err == nil && own != "" && strings.EqualFold(strings.TrimSuffix(u.Hostname(), "."), own)
	}
}

// route sends requests where they belong. The host compares routes without
// case and passes the path on as the sender wrote it.
func route(deliveries http.Handler, logger *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := strings.ToLower(strings.TrimSuffix(r.URL.Path, "/")); path {
		case "/api/labelbox", "/labelbox":
			deliveries.ServeHTTP(w, r)
		case "":
			ready(w, r)
		default:
			asked := printable.Text(r.URL.Path[:min(len(r.URL.Path), 100)])
			strays.Write(r.Context(), logger, slog.LevelWarn, asked, "nothing is at this path; call the function labelbox, or set its route to labelbox",
				[]slog.Attr{slog.String("path", asked), slog.String("deliveries_go_to", "/api/labelbox")})
			http.Error(w, "nothing here; deliveries go to /api/labelbox", http.StatusNotFound)
		}
	})
}

// ready answers the host, which asks every 25 ms until it gets an answer.
func ready(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET; deliveries go to /api/labelbox", http.StatusMethodNotAllowed)
		return
	}
	w.WriteHeader(http.StatusOK)
}
