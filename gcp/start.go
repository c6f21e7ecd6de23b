package gcp

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"

	"github.com/GoogleCloudPlatform/functions-framework-go/functions"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/environment"
)

// Register makes an HTTP function and registers it with the framework under a
// name, the --entry-point of its deployment. It belongs into an init of the
// uploaded source's root package. It also makes slog's default logger write as
// Cloud Logging reads it ([NewLogger]), and lets SIGTERM end the process once
// the requests under way are answered.
//
// Every genuine delivery goes to h and to the destinations that the
// environment names: log:, file:, https: and those of [core.WithDestination]. h may
// be nil; with no destination either, deliveries go to log:. The variables are
// the same as on every platform: LABELBOX_WEBHOOK_SECRET or
// LABELBOX_WEBHOOK_SECRET_FILE for the secret, a file that Cloud Run mounts out of
// Secret Manager; LABELHOOK_EVENTS and LABELHOOK_MAX_BODY for what is let through;
// LABELHOOK_DESTINATIONS, LABELHOOK_DEAD_LETTER and LABELHOOK_OVERFLOW for where it
// goes; LABELHOOK_LOG_LEVEL. One whose name is nearly one of them is a wrong
// configuration.
//
// A wrong configuration ends the process with one line of log that says which
// variable is wrong and what to write instead: the new revision does not become
// ready, and traffic stays on the old one.
//
// Where one source has several functions, only the one that FUNCTION_TARGET
// names is made, so that each needs its own configuration only.
//
// The handler returned answers as the function does. To try the function on this
// machine, serve it with [github.com/labelhook/labelhook/server.New], or import
// the function's package in a main that calls funcframework.Start.
func Register(name string, h core.Handler, options ...core.Option) http.Handler {
	if target := os.Getenv("FUNCTION_TARGET"); target != "" && target != name {
		return http.NotFoundHandler()
	}
	receiver, logger, err := configure(h, options)
	if err != nil {
		refuse(err)
	}
	slog.SetDefault(logger)
	process.endOnSIGTERM(logger)
	handler := process.count(NewHandler(receiver))
	functions.HTTP(name, handler.ServeHTTP)
	return handler
}

// configure makes the receiver.
func configure(h core.Handler, options []core.Option) (*core.Receiver, *slog.Logger, error) {
	p, err := platform(h, options)
	if err != nil {
		return nil, nil, err
	}
	receiver, _, err := environment.Receiver(p)
	return receiver, p.Logger, err
}

// platform is Google Cloud, with what the program adds.
func platform(h core.Handler, options []core.Option) (environment.Platform, error) {
	level, err := environment.LogLevel(os.Getenv)
	if err != nil {
		return environment.Platform{}, err
	}
	p := environment.Platform{ // without a Manager: Secret Manager's secret is a file here
		Options: core.Options{Logger: NewLogger(os.Stdout, level)},
		Handler: h,
		Out:     payloadLog{os.Stdout},
	}
	for _, option := range options {
		option(&p.Options)
	}
	return p, nil
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
