package bundle

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

// The variables that say what becomes of a delivery.
const (
	DestinationsVariable = "LABELHOOK_DESTINATIONS"
	DeadLetterVariable   = "LABELHOOK_DEAD_LETTER"
	EventsVariable       = "LABELHOOK_EVENTS"
	MaxBodyVariable      = "LABELHOOK_MAX_BODY"
	LogLevelVariable     = "LABELHOOK_LOG_LEVEL"
)

// Opener makes a destination of its URL. Its errors must not repeat the URL:
// it may hold a key.
type Opener func(url string) (core.Handler, error)

// Platform is what differs from one host to the next.
type Platform struct {
	Getenv func(string) string

	// Openers are the destinations besides log:, file: and https:, by scheme.
	// A function's main package lists those of its own cloud, so that a binary
	// links no other's.
	Openers map[string]Opener

	// Manager makes the source for LABELBOX_WEBHOOK_SECRET_ID; nil where there
	// is no secret manager.
	Manager func(id string) (core.SecretSource, error)

	// Always takes every delivery besides the destinations of the environment.
	// Without it, and with none in the environment, they go to log:.
	Always core.Handler

	Log *slog.Logger // nil means slog.Default
	Out io.Writer    // where log: writes
}

// Receiver makes the receiver that the environment describes. The error is a
// [*ConfigError].
func Receiver(p Platform) (*core.Receiver, error) {
	secrets, err := Secrets(p.Getenv, p.Manager)
	if err != nil {
		return nil, err
	}
	handlers, names, err := p.destinations()
	if err != nil {
		return nil, err
	}
	events, err := p.events()
	if err != nil {
		return nil, err
	}
	maxBody, err := p.maxBody()
	if err != nil {
		return nil, err
	}
	receiver := &core.Receiver{
		Secrets:      secrets,
		Handler:      core.Only(events, core.All(handlers...)),
		MaxBody:      maxBody,
		Logger:       p.Log,
		Destinations: names,
	}
	if url := p.Getenv(DeadLetterVariable); url != "" {
		if receiver.DeadLetter, err = p.open(DeadLetterVariable, url); err != nil {
			return nil, err
		}
	}
	return receiver, nil
}

func (p Platform) destinations() (handlers []core.Handler, names []string, err error) {
	urls := strings.Fields(p.Getenv(DestinationsVariable))
	if p.Always != nil {
		handlers, names = append(handlers, p.Always), append(names, nameOf(p.Always, "inbox"))
	} else if len(urls) == 0 {
		urls = []string{"log:"}
	}
	for _, url := range urls {
		h, err := p.open(DestinationsVariable, url)
		if err != nil {
			return nil, nil, err
		}
		handlers, names = append(handlers, h), append(names, nameOf(h, schemeOf(url)+":"))
	}
	return handlers, names, nil
}

// nameOf is how a destination is called in the log: as it calls itself, or by
// its scheme alone.
func nameOf(h core.Handler, otherwise string) string {
	if s, ok := h.(fmt.Stringer); ok {
		return s.String()
	}
	return otherwise
}

func schemeOf(url string) string {
	scheme, _, _ := strings.Cut(url, ":")
	return scheme
}

func (p Platform) open(variable, url string) (core.Handler, error) {
	scheme, rest, found := strings.Cut(url, ":")
	open := p.Openers[scheme]
	switch {
	case !found:
		return nil, &ConfigError{variable, errors.New("names a destination without a scheme"), "write URLs such as " + p.schemes()}
	case open != nil:
	case scheme == "log":
		open = func(string) (core.Handler, error) { return destination.NewLog(p.Out), nil }
	case scheme == "file":
		open = func(string) (core.Handler, error) { return destination.NewFolder(strings.TrimPrefix(rest, "//")) }
	case scheme == "https", scheme == "http":
		open = func(string) (core.Handler, error) { return destination.NewEndpoint(url) }
	default:
		return nil, &ConfigError{variable, fmt.Errorf("no destination here has the scheme %q", scheme), "write one of " + p.schemes()}
	}
	h, err := open(url)
	if err != nil {
		return nil, &ConfigError{variable, err, "write one of " + p.schemes()}
	}
	return h, nil
}

func (p Platform) schemes() string {
	schemes := []string{"log:", "file:DIR", "https://HOST/PATH"}
	for scheme := range p.Openers {
		schemes = append(schemes, scheme+":…")
	}
	slices.Sort(schemes)
	return strings.Join(schemes, ", ")
}

func (p Platform) events() ([]core.Event, error) {
	var events []core.Event
	for _, name := range strings.FieldsFunc(p.Getenv(EventsVariable), func(r rune) bool { return r == ' ' || r == ',' || r == '\n' || r == '\t' }) {
		event, known := core.ParseEvent(name)
		if !known {
			return nil, &ConfigError{EventsVariable, fmt.Errorf("no event is called %q", name), "write some of " + EventNames()}
		}
		events = append(events, event)
	}
	return events, nil
}

// EventNames lists all events for a person to choose from.
func EventNames() string {
	var names []string
	for _, e := range core.Events() {
		names = append(names, string(e))
	}
	return strings.Join(names, " ")
}

func (p Platform) maxBody() (int, error) {
	text := p.Getenv(MaxBodyVariable)
	if text == "" {
		return core.DefaultMaxBody, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, &ConfigError{MaxBodyVariable, fmt.Errorf("%q is not a number of bytes", text), "write a whole number above 0, such as 10485760"}
	}
	return n, nil
}

// LogLevel reads LABELHOOK_LOG_LEVEL; not set, it is Info. The error is a
// [*ConfigError].
func LogLevel(getenv func(string) string) (slog.Level, error) {
	switch text := strings.ToLower(getenv(LogLevelVariable)); text {
	case "":
		return slog.LevelInfo, nil
	case "debug":
		return slog.LevelDebug, nil
	case "info":
		return slog.LevelInfo, nil
	case "warn":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	default:
		return 0, &ConfigError{LogLevelVariable, fmt.Errorf("%q is not a level", text), "write debug, info, warn or error"}
	}
}
