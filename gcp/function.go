package gcp

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"

	"github.com/GoogleCloudPlatform/functions-framework-go/functions"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/bundle"
)

// Opener makes a destination of its URL. The packages of destinations have
// one each, called Open.
type Opener = bundle.Opener

// Function is what a function does besides what its environment says. The zero
// value adds nothing to that.
type Function struct {
	// Handler takes every delivery, besides the destinations that
	// LABELHOOK_DESTINATIONS names; nil means those alone.
	Handler core.Handler

	// Openers are the destinations besides log:, file: and https: that the
	// environment may name, by the scheme of their URLs. What is not named here
	// is not linked:
	//
	//	map[string]gcp.Opener{"pubsub": pubsub.Open, "gs": gcs.Open}
	Openers map[string]Opener
}

// Register makes an HTTP function of f and the environment and registers it
// with the framework under a name, the --entry-point of its deployment. It
// belongs into an init of the uploaded source's root package. It also makes
// slog's default logger write as Cloud Logging reads it ([NewLogger]), and lets
// SIGTERM end the process once the requests under way are answered.
//
// A wrong configuration ends the process with one line of log that says which
// variable is wrong and what to write instead: the new revision does not become
// ready, and traffic stays on the old one.
//
// Where one source has several functions, only the one that FUNCTION_TARGET
// names is made, so that each needs its own configuration only.
//
// The handler returned answers as the function does; [ListenAndServe] takes it.
func Register(name string, f Function) http.Handler {
	if target := os.Getenv("FUNCTION_TARGET"); target != "" && target != name {
		return http.NotFoundHandler()
	}
	receiver, err := f.receiver()
	if err != nil {
		refuse(err)
	}
	slog.SetDefault(receiver.Logger)
	process.endOnSIGTERM(receiver.Logger)
	handler := process.count(NewHandler(receiver))
	functions.HTTP(name, handler.ServeHTTP)
	return handler
}

// receiver reads the environment.
func (f Function) receiver() (*core.Receiver, error) {
	level, err := bundle.LogLevel(os.Getenv)
	if err != nil {
		return nil, err
	}
	return bundle.Receiver(bundle.Platform{
		Openers: f.Openers,
		Always:  f.always(),
		Log:     NewLogger(os.Stdout, level),
		Out:     payloadLog{os.Stdout},
	})
}

// always is the handler under a name for the log's "destinations".
func (f Function) always() core.Handler {
	if f.Handler == nil {
		return nil
	}
	if _, named := f.Handler.(interface{ String() string }); named {
		return f.Handler
	}
	return ownHandler{f.Handler}
}

type ownHandler struct{ core.Handler }

func (ownHandler) String() string { return "handler" }

// refuse logs a wrong configuration and ends the process.
func refuse(err error) {
	message := "wrong configuration: " + err.Error()
	var config *bundle.ConfigError
	if errors.As(err, &config) {
		message += "; " + config.Remedy
	}
	NewLogger(os.Stdout, slog.LevelInfo).Log(context.Background(), levelCritical, message, "error", err)
	os.Exit(1)
}
