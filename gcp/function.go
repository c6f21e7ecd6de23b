package gcp

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"

	"github.com/GoogleCloudPlatform/functions-framework-go/functions"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/environment"
)

// Option changes what [Register] does.
type Option func(*environment.Platform)

// WithDestination lets LABELHOOK_DESTINATIONS, LABELHOOK_DEAD_LETTER and
// LABELHOOK_OVERFLOW name destinations of a further scheme, such as pubsub with
// the Open of package [github.com/labelhook/labelhook/gcp/pubsub]. The errors of
// open must not repeat the URL. Only what is named here is linked.
func WithDestination(scheme string, open func(url string) (core.Handler, error)) Option {
	return func(p *environment.Platform) { p.Openers[scheme] = open }
}

// WithSecrets takes the webhook secrets from source and not from the
// environment.
func WithSecrets(source secret.Source) Option {
	return func(p *environment.Platform) { p.Secrets = source }
}

// WithLogger takes the place of the logger that [NewLogger] makes.
func WithLogger(logger *slog.Logger) Option {
	return func(p *environment.Platform) { p.Log = logger }
}

// Register makes an HTTP function and registers it with the framework under a
// name, the --entry-point of its deployment. It belongs into an init of the
// uploaded source's root package. It also makes slog's default logger write as
// Cloud Logging reads it ([NewLogger]), and lets SIGTERM end the process once
// the requests under way are answered.
//
// Every genuine delivery goes to h and to the destinations that the
// environment names: log:, file:, https: and those of [WithDestination]. h may
// be nil; with no destination either, deliveries go to log:. The variables are
// the same as on every platform. One that is nearly called like them and is none is a
// wrong configuration.
//
// A wrong configuration ends the process with one line of log that says which
// variable is wrong and what to write instead: the new revision does not become
// ready, and traffic stays on the old one.
//
// Where one source has several functions, only the one that FUNCTION_TARGET
// names is made, so that each needs its own configuration only.
//
// The handler returned answers as the function does; [ListenAndServe] takes it.
func Register(name string, h core.Handler, options ...Option) http.Handler {
	if target := os.Getenv("FUNCTION_TARGET"); target != "" && target != name {
		return http.NotFoundHandler()
	}
	receiver, err := configure(h, options)
	if err != nil {
		refuse(err)
	}
	slog.SetDefault(receiver.Logger)
	process.endOnSIGTERM(receiver.Logger)
	handler := process.count(NewHandler(receiver))
	functions.HTTP(name, handler.ServeHTTP)
	return handler
}

// configure makes the receiver.
func configure(h core.Handler, options []Option) (*core.Receiver, error) {
	level, err := environment.LogLevel(os.Getenv)
	if err != nil {
		return nil, err
	}
	p := environment.Platform{
		Openers: map[string]environment.Opener{},
		Always:  h,
		Log:     NewLogger(os.Stdout, level),
		Out:     payloadLog{os.Stdout},
	}
	for _, option := range options {
		option(&p)
	}
	return environment.Receiver(p)
}

// refuse logs a wrong configuration and ends the process.
func refuse(err error) {
	message := "wrong configuration: " + err.Error()
	var config *environment.ConfigError
	if errors.As(err, &config) {
		message += "; " + config.Remedy
	}
	NewLogger(os.Stdout, slog.LevelInfo).Log(context.Background(), levelCritical, message, "error", err)
	os.Exit(1)
}
