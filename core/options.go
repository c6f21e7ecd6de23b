package core

import (
	"log/slog"

	"github.com/labelhook/labelhook/core/secret"
)

// Options are what a program adds to the function that a cloud's package makes of
// the environment. They are set by an [Option].
type Options struct {
	Destinations map[string]func(url string) (Handler, error) // what opens a destination, by scheme
	Secrets      secret.Source                                // nil means those of the environment
	Logger       *slog.Logger                                 // nil means that of the cloud's package
	Observers    []Observer                                   // besides [LogTo]
	Unsigned     bool                                         // see [Receiver]
	Unverified   bool                                         // see [Receiver]
}

// Option changes what the Start or Register of a cloud's package does.
type Option func(*Options)

// WithDestination lets LABELHOOK_DESTINATIONS, LABELHOOK_DEAD_LETTER and
// LABELHOOK_OVERFLOW name destinations of a further scheme, such as sqs with the Open of
// package [github.com/labelhook/labelhook/aws/sqs]. The errors of open must not repeat
// the URL, for it may hold a key. A handler that implements Overflower or Bucket of
// [github.com/labelhook/labelhook/core/destination] is one with a size limit, or one that
// LABELHOOK_OVERFLOW may name. Only what is named by an option is linked.
func WithDestination(scheme string, open func(url string) (Handler, error)) Option {
	return func(o *Options) {
		if o.Destinations == nil {
			o.Destinations = map[string]func(string) (Handler, error){}
		}
		o.Destinations[scheme] = open
	}
}

// WithSecrets takes the webhook secrets from source, not from the environment.
func WithSecrets(source secret.Source) Option { return func(o *Options) { o.Secrets = source } }

// WithLogger takes the place of the logger of the cloud's package.
func WithLogger(logger *slog.Logger) Option { return func(o *Options) { o.Logger = logger } }

// WithObserver has observe told of every request too.
func WithObserver(observe Observer) Option {
	return func(o *Options) { o.Observers = append(o.Observers, observe) }
}

// WithUnsigned lets a worker take messages without a signature. A receiver never does.
func WithUnsigned() Option { return func(o *Options) { o.Unsigned = true } }

// WithoutVerification has a worker leave signatures unverified. It then needs no secret.
func WithoutVerification() Option { return func(o *Options) { o.Unverified = true } }
