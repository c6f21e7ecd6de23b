package azure

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/bundle"
)

// Destinations makes the destinations that LABELHOOK_DESTINATIONS may name
// besides log:, file: and https:, by the scheme of their URLs. Package
// azure/function has those of Azure.
type Destinations map[string]func(url string) (core.Handler, error)

// Start receives deliveries until the process is told to end. It does not
// return.
//
// Each delivery goes to handler and to the destinations that the environment
// names; handler may be nil. With neither, deliveries are logged. The variables are
// the same as on every platform; LABELBOX_WEBHOOK_SECRET_ID is the URL of a
// secret in a [KeyVault].
//
// It listens on 127.0.0.1 at the port in FUNCTIONS_CUSTOMHANDLER_PORT (8080
// without it), and answers at /api/labelbox and /labelbox. The exit status is
// never 0, which would tell the host to leave it at that: 1 if it cannot listen
// (any more), 128 and the signal's number (143) after SIGTERM or SIGINT, once the
// requests under way are answered or ten seconds are over.
//
// The default loggers of log/slog and log write to stdout from then on.
func Start(handler core.Handler, destinations Destinations) {
	os.Exit(start(handler, destinations))
}

func start(handler core.Handler, destinations Destinations) (status int) {
	level, levelError := bundle.LogLevel(os.Getenv)
	logger := NewLogger(os.Stdout, level)
	slog.SetDefault(logger)
	if levelError != nil {
		logger.Error("wrong configuration; logging at info", "configuration", levelError)
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)

	listener, err := listen(os.Getenv)
	if err != nil {
		logger.Error("cannot listen", "error", err)
		return 1
	}
	receiver := configure(handler, destinations, logger)
	logger.Info("listening", "address", listener.Addr().String(), "destinations", receiver.Destinations)
	return serve(listener, route(NewHandler(receiver), logger), signals, logger)
}

// configure makes the receiver. A configuration that is wrong makes one that
// says so at every delivery: to end would make the host give up.
func configure(handler core.Handler, destinations Destinations, logger *slog.Logger) *core.Receiver {
	openers := map[string]bundle.Opener{}
	for scheme, open := range destinations {
		openers[scheme] = open
	}
	receiver, err := bundle.Receiver(bundle.Platform{
		Openers: openers,
		Manager: KeyVault{}.Secrets,
		Always:  handler,
		Log:     logger,
	})
	if err != nil {
		logger.Error("wrong configuration; every delivery is answered 503 until the app starts with a right one", "configuration", err)
		return &core.Receiver{Secrets: unconfigured{err}, Logger: logger}
	}
	// Now, so that the first delivery need not wait for a vault.
	go func() {
		if _, err := receiver.Secrets.Secrets(context.Background()); err != nil {
			logger.Error("no webhook secret yet; every delivery is answered 503 until there is", "error", err)
		}
	}()
	return receiver
}

// unconfigured has no secrets, and says why.
type unconfigured struct{ error }

func (u unconfigured) Secrets(context.Context) ([]core.Secret, error) { return nil, u.error }

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
			logger.Warn("nothing is at this path; call the function labelbox, or set its route to labelbox", "path", r.URL.Path)
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
