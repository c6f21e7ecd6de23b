package aws

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/environment"
)

// Start runs a Lambda function that gives every genuine delivery to h. It is the
// whole of a main function, and does not return.
//
// All else comes from the environment: the secret from LABELBOX_WEBHOOK_SECRET,
// LABELBOX_WEBHOOK_SECRET_FILE or, in Secrets Manager, LABELBOX_WEBHOOK_SECRET_ID;
// what is let through, and where else it goes, from LABELHOOK_EVENTS,
// LABELHOOK_MAX_BODY, LABELHOOK_DESTINATIONS, LABELHOOK_DEAD_LETTER and
// LABELHOOK_OVERFLOW. Besides log:, file: and https: it knows the destinations of
// [core.WithDestination], those of AWS by their ARN alone too. h may be nil; with
// no destination either, deliveries go to log:. A variable whose name is nearly one
// of these is a wrong configuration.
//
// The secret is fetched before the first event, under a deadline of two
// seconds, because Lambda gives a function that starts more CPU than later. When
// that fails, requests are answered 503 until it works. With a wrong
// configuration Start logs which variable is wrong and what to write, and
// answers all requests 503: a function that exits instead would be started again
// with every request, and tell the sender less.
//
// Logs go to standard output by [NewLogger], and [slog.Default] becomes
// that logger. Their level is LABELHOOK_LOG_LEVEL or AWS_LAMBDA_LOG_LEVEL, the
// function's own setting; the higher one where both are set, for Lambda drops
// what is below its own. It is info where neither is.
//
// See [NewHandler] for events, deadlines and panics.
func Start(h core.Handler, options ...core.Option) {
	lambda.Start(function(os.Getenv, os.Environ, os.Stdout, h, options))
}

// function does what Start does before the first event.
func function(getenv func(string) string, environ func() []string, stdout io.Writer, h core.Handler, options []core.Option) lambda.Handler {
	p := platform(getenv, environ, stdout, h, options)
	receiver, _, err := environment.Receiver(p)
	if err != nil {
		p.Logger.Error("wrong configuration: every request is answered 503", "error", err)
		return NewHandler(environment.Misconfigured(err, p.Logger))
	}
	warmUp(receiver, p.Logger)
	return NewHandler(receiver)
}

// platform is Lambda, with what the program adds. Its logger becomes the default.
func platform(getenv func(string) string, environ func() []string, stdout io.Writer, h core.Handler, options []core.Option) environment.Platform {
	level, levelError := logLevel(getenv)
	p := environment.Platform{
		Options: core.Options{Logger: NewLogger(stdout, level)},
		Getenv:  getenv,
		Environ: environ,
		Manager: SecretsManager{}.Secrets,
		Handler: h,
		Out:     stdout,
	}
	for _, option := range options {
		option(&p.Options)
	}
	if len(p.Destinations) > 0 {
		p.Destinations["arn"] = openARN(p.Destinations)
	}
	slog.SetDefault(p.Logger)
	slog.SetLogLoggerLevel(slog.LevelError) // the runtime's client logs by package log, and nothing but errors
	if levelError != nil {
		p.Logger.Error("wrong configuration", "error", levelError)
	}
	return p
}

// openARN opens a destination by its bare ARN, as AWS's console and templates
// have it, with the opener of its service.
func openARN(openers map[string]func(string) (core.Handler, error)) func(string) (core.Handler, error) {
	return func(arn string) (core.Handler, error) {
		parts := strings.SplitN(arn, ":", 4) // arn:PARTITION:SERVICE:…
		scheme := parts[min(2, len(parts)-1)]
		if scheme == "events" {
			scheme = "eventbridge"
		}
		open := openers[scheme]
		if open == nil || scheme == "arn" {
			return nil, errors.New("no destination here is of this ARN's service")
		}
		return open(scheme + "://" + arn)
	}
}

// warmUp fetches the secret.
func warmUp(r *core.Receiver, logger *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if r.Secrets == nil {
		return // a worker that verifies nothing
	}
	if _, err := r.Secrets.Secrets(ctx); err != nil {
		logger.Error("no webhook secret yet: requests are answered 503 until there is one", "error", err)
	}
}
