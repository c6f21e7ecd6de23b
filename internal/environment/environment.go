package environment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/core/worker"
)

// The variables that say what becomes of a delivery.
const (
	DestinationsVariable = "LABELHOOK_DESTINATIONS"
	DeadLetterVariable   = "LABELHOOK_DEAD_LETTER"
	OverflowVariable     = "LABELHOOK_OVERFLOW"
	SourcesVariable      = "LABELHOOK_SOURCES" // of a worker: the buckets whose objects it takes
	EventsVariable       = "LABELHOOK_EVENTS"
	MaxBodyVariable      = "LABELHOOK_MAX_BODY"
	LogLevelVariable     = "LABELHOOK_LOG_LEVEL"
)

// Platform is what differs from one host to the next.
type Platform struct {
	Getenv  func(string) string // nil means os.Getenv
	Environ func() []string     // all variables, to find misspelt ones; nil means os.Environ if Getenv is nil, else none

	// Options are what the program adds. Its destinations come besides log:, file:
	// and https:. A function's main package lists those of its own cloud, so that a
	// binary links no other's.
	core.Options

	// Manager makes the source for LABELBOX_WEBHOOK_SECRET_ID; nil where there
	// is no secret manager.
	Manager func(id string) (secret.Source, error)

	// Handler takes every delivery besides the destinations of the environment.
	// Without it, and with none in the environment, they go to log:. The log
	// calls it what its String method says, or else "handler".
	Handler core.Handler

	// Inbox makes Handler where that leaves something behind, such as a file:
	// once the configuration is checked. nil means that Handler is there already.
	Inbox func() (core.Handler, error)

	// Own reports whether a URL is the receiver's own, as far as the host knows;
	// nil where it does not.
	Own func(url string) bool

	Out io.Writer // where log: writes; nil means os.Stdout

	worker bool             // what is made is a worker
	lines  *destination.Log // the one log:, so that no two write to Out at once
}

// Receiver makes the receiver that the environment describes, and names its
// destinations. It opens nothing before all variables are judged. The error is a [*ConfigError], or that of
// Inbox. A host that must not exit on it can log it and serve [Misconfigured].
func Receiver(p Platform) (receiver *core.Receiver, destinations []string, err error) {
	receiver, destinations, _, err = p.receiver()
	return receiver, destinations, err
}

// Worker makes the worker that the environment describes, as Receiver does. The
// buckets that it reads are those of LABELHOOK_OVERFLOW and LABELHOOK_SOURCES.
func Worker(p Platform) (w *worker.Worker, destinations []string, err error) {
	p.worker = true
	p.useProcess()
	p.Destinations = maps.Clone(p.Destinations)
	if p.Destinations == nil {
		p.Destinations = map[string]func(string) (core.Handler, error){}
	}
	p.Destinations["file"] = openFolder
	receiver, destinations, overflow, err := p.receiver()
	if err != nil {
		return nil, nil, err
	}
	w = &worker.Worker{Receiver: receiver}
	if overflow != nil {
		if w.Overflow, err = reader(OverflowVariable, overflow); err != nil {
			return nil, nil, err
		}
	}
	for _, url := range strings.Fields(p.Getenv(SourcesVariable)) {
		h, err := p.open(SourcesVariable, url)
		if err != nil {
			return nil, nil, err
		}
		source, err := reader(SourcesVariable, h)
		if err != nil {
			return nil, nil, err
		}
		w.Sources = append(w.Sources, source)
	}
	return w, destinations, nil
}

// openFolder opens a folder to be read too.
func openFolder(url string) (core.Handler, error) {
	_, dir, _ := strings.Cut(url, ":")
	f, err := destination.NewFolder(strings.TrimPrefix(dir, "//"))
	if err != nil {
		return nil, err
	}
	return &destination.FolderSource{Folder: f}, nil
}

func reader(variable string, h core.Handler) (destination.Reader, error) {
	if r, ok := h.(destination.Reader); ok {
		return r, nil
	}
	return nil, &ConfigError{variable, errors.New("names a destination that cannot be read"), "write a bucket's URL"}
}

func (p Platform) receiver() (receiver *core.Receiver, destinations []string, overflow destination.Bucket, err error) {
	p.useProcess()
	if p.Environ != nil {
		if err := CheckNames(p.Environ()); err != nil {
			return nil, nil, nil, err
		}
	}
	if p.Out == nil {
		p.Out = os.Stdout
	}
	p.lines = destination.NewLog(p.Out)
	secrets, err := p.secrets()
	if err != nil {
		return nil, nil, nil, err
	}
	events, err := p.events()
	if err != nil {
		return nil, nil, nil, err
	}
	maxBody, err := p.maxBody()
	if err != nil {
		return nil, nil, nil, err
	}
	if err := p.checkURLs(); err != nil {
		return nil, nil, nil, err
	}
	if p.Inbox != nil {
		if p.Handler, err = p.Inbox(); err != nil {
			return nil, nil, nil, err
		}
	}
	handlers, names, err := p.destinations()
	if err != nil {
		return nil, nil, nil, err
	}
	deadLetter, err := p.openOne(DeadLetterVariable)
	if err != nil {
		return nil, nil, nil, err
	}
	overflow, err = p.overflow()
	if err != nil {
		return nil, nil, nil, err
	}
	if overflow != nil {
		for _, h := range append(handlers, deadLetter) {
			if o, ok := h.(destination.Overflower); ok {
				o.OverflowTo(overflow)
			}
		}
	}
	if p.Handler == nil && strings.TrimSpace(p.Getenv(DestinationsVariable)) == "" {
		cmp.Or(p.Logger, slog.Default()).Warn("no destination is set: deliveries are only logged, and are lost with the log", "variable", DestinationsVariable, "remedy", "write one or more of "+p.schemes())
	}
	return &core.Receiver{
		Secrets:    secrets,
		Handler:    core.Only(events, core.All(handlers...)),
		DeadLetter: deadLetter,
		MaxBody:    maxBody,
		Unsigned:   p.Unsigned,
		Unverified: p.Unverified,
		Observe:    p.observer(names),
	}, names, overflow, nil
}

// useProcess takes the process's own environment where no other is given.
func (p *Platform) useProcess() {
	if p.Getenv == nil {
		p.Getenv, p.Environ = os.Getenv, os.Environ
	}
}

func (p Platform) observer(destinations []string) core.Observer {
	observers := append([]core.Observer{core.LogTo(p.Logger, destinations...)}, p.Observers...)
	return func(ctx context.Context, o core.Observation) {
		for _, observe := range observers {
			observe(ctx, o)
		}
	}
}

func (p Platform) secrets() (secret.Source, error) {
	source := p.Secrets
	if source == nil && p.worker && p.Unverified {
		return nil, nil
	}
	if source == nil {
		var err error
		if source, err = Secrets(p.Getenv, p.Manager); err != nil {
			return nil, err
		}
	}
	if cached, ok := source.(*secret.Cached); ok && cached.Log == nil {
		cached.Log = p.Logger
	}
	return source, nil
}

// Misconfigured returns a receiver that answers everything 503: as without a
// secret where err is about the secret, else as misconfigured. Its log gives err
// as the reason each time, for the line logged at the start is soon far away.
func Misconfigured(err error, log *slog.Logger) *core.Receiver {
	if !aboutSecrets(err) {
		err = fmt.Errorf("%w: %w", core.ErrMisconfigured, err)
	}
	return &core.Receiver{Secrets: noSecrets{err}, Observe: core.LogTo(log)}
}

type noSecrets struct{ error }

func (n noSecrets) Secrets(context.Context) ([]secret.Secret, error) { return nil, n.error }

func (p Platform) destinations() (handlers []core.Handler, names []string, err error) {
	urls := strings.Fields(p.Getenv(DestinationsVariable))
	if p.Handler != nil {
		handlers, names = append(handlers, p.Handler), append(names, nameOf(p.Handler, "handler"))
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

// checkURLs says what is wrong with the URLs, as far as that can be told without
// opening what they name.
func (p Platform) checkURLs() error {
	for _, variable := range [...]string{DestinationsVariable, DeadLetterVariable, OverflowVariable, SourcesVariable} {
		urls := strings.Fields(p.Getenv(variable))
		for _, url := range urls {
			url, _, err := formOf(variable, url)
			if err != nil {
				return err
			}
			if _, err := p.opener(variable, url); err != nil {
				return err
			}
		}
		if len(urls) > 1 && variable != DestinationsVariable && variable != SourcesVariable {
			return &ConfigError{variable, fmt.Errorf("names %d destinations", len(urls)), "write one URL"}
		}
	}
	return nil
}

// openOne opens the one destination that the variable names, nil if none.
func (p Platform) openOne(variable string) (core.Handler, error) {
	url := strings.TrimSpace(p.Getenv(variable))
	if url == "" {
		return nil, nil
	}
	return p.open(variable, url)
}

// overflow opens the bucket for bodies that are over a queue's limit.
func (p Platform) overflow() (destination.Bucket, error) {
	h, err := p.openOne(OverflowVariable)
	if err != nil || h == nil {
		return nil, err
	}
	bucket, ok := h.(destination.Bucket)
	if !ok {
		return nil, &ConfigError{OverflowVariable, errors.New("names a destination that keeps no objects to refer to"), "write a bucket's URL, or file:DIR"}
	}
	return bucket, nil
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
	return strings.ToLower(scheme)
}

func (p Platform) open(variable, url string) (core.Handler, error) {
	url, decode, err := formOf(variable, url)
	if err != nil {
		return nil, err
	}
	open, err := p.opener(variable, url)
	if err != nil {
		return nil, err
	}
	h, err := open(url)
	if err != nil {
		return nil, &ConfigError{variable, err, "correct the URL, or what it names; the forms are " + p.schemes()}
	}
	if decode {
		return decodedForm{h, nameOf(h, schemeOf(url)+":")}, nil
	}
	return h, nil
}

// opener says what is wrong with the form of a URL, or what opens it.
func (p Platform) opener(variable, url string) (func(url string) (core.Handler, error), error) {
	if p.isList(url) {
		return nil, &ConfigError{variable, errors.New("names destinations that are not separated by blanks"), "write a blank, and nothing else, between two URLs"}
	}
	scheme, rest, found := strings.Cut(url, ":")
	scheme = strings.ToLower(scheme)
	open := p.Destinations[scheme]
	switch {
	case !found:
		return nil, &ConfigError{variable, errors.New("names a destination without a scheme"), "write URLs such as " + p.schemes()}
	case isLocal(scheme) && isUnexpanded(rest):
		return nil, &ConfigError{variable, errors.New("names a path with ~ or a variable in it, which is not replaced here"), "write the path in full"}
	case isWeb(scheme) && p.Own != nil && p.Own(url):
		return nil, &ConfigError{variable, errors.New("names this receiver itself, which would get its deliveries back"), "write the URL of what is to have them, or leave it out"}
	case open != nil:
	case scheme == "log" && rest != "":
		return nil, &ConfigError{variable, errors.New("names something behind log:, which takes no name"), "write log: alone, or another of " + p.schemes()}
	case scheme == "log":
		open = func(string) (core.Handler, error) { return p.lines, nil }
	case scheme == "file":
		open = func(string) (core.Handler, error) { return destination.NewFolder(strings.TrimPrefix(rest, "//")) }
	case isWeb(scheme):
		open = func(string) (core.Handler, error) { return destination.NewEndpoint(url) }
	default:
		return nil, &ConfigError{variable, fmt.Errorf("no destination here has the scheme %q", scheme), "write one of " + p.schemes()}
	}
	return open, nil
}

// isList reports whether a comma or the like stands between destinations: at an
// end, before a scheme, or in the name of a folder or file, where it would be
// taken for a letter.
func (p Platform) isList(url string) bool {
	const separators = ",;|"
	if strings.Trim(url, separators) != url {
		return true
	}
	scheme, rest, _ := strings.Cut(url, ":")
	if isLocal(strings.ToLower(scheme)) {
		return strings.ContainsAny(rest, separators) || slices.ContainsFunc(schemes, func(s string) bool { return strings.Contains(strings.ToLower(rest), s+":") })
	}
	parts := strings.FieldsFunc(url, func(r rune) bool { return strings.ContainsRune(separators, r) })
	return slices.ContainsFunc(parts[min(1, len(parts)):], func(part string) bool {
		scheme := schemeOf(part)
		return strings.Contains(part, ":") && (p.Destinations[scheme] != nil || slices.Contains(schemes, scheme))
	})
}

// isLocal reports whether what follows the scheme is a path of this machine.
func isLocal(scheme string) bool { return scheme == "file" || scheme == "sqlite" }

func isWeb(scheme string) bool { return scheme == "https" || scheme == "http" }

// isUnexpanded reports whether a path is as it is written for a shell.
func isUnexpanded(path string) bool {
	return regexp.MustCompile(`^(//)?~|\$[A-Za-z_{(]`).MatchString(path) // compiled here and not at every start
}

// schemes are those of all platforms.
var schemes = strings.Fields("log file https http sqlite sqs eventbridge s3 arn pubsub gs servicebus azblob azqueue")

func (p Platform) schemes() string {
	schemes := []string{"log:", "file:DIR", "https://HOST/PATH"}
	for scheme := range p.Destinations {
		if scheme != "file" {
			schemes = append(schemes, scheme+":…")
		}
	}
	slices.Sort(schemes)
	return strings.Join(schemes, ", ")
}

func (p Platform) events() ([]payload.Event, error) {
	var events []payload.Event
	text := p.Getenv(EventsVariable)
	for _, name := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
		event, known := payload.ParseEvent(name)
		if !known {
			return nil, &ConfigError{EventsVariable, fmt.Errorf("no event is called %q", name), "write some of " + EventNames()}
		}
		events = append(events, event)
	}
	if len(events) == 0 && strings.TrimSpace(text) != "" {
		return nil, &ConfigError{EventsVariable, errors.New("names no event"), "write some of " + EventNames() + ", or leave it out for all"}
	}
	return events, nil
}

// EventNames lists all events for a person to choose from.
func EventNames() string {
	var names []string
	for _, e := range payload.Events() {
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
		return 0, &ConfigError{MaxBodyVariable, fmt.Errorf("%q is not a number of bytes", text), "write a whole number above 0, such as 10485760 for 10 MiB"}
	}
	return n, nil
}

// LogLevel reads LABELHOOK_LOG_LEVEL; not set, it is Info. The error is a
// [*ConfigError].
func LogLevel(getenv func(string) string) (slog.Level, error) {
	levels := map[string]slog.Level{
		"": slog.LevelInfo, "debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}
	text := strings.ToLower(getenv(LogLevelVariable))
	level, known := levels[text]
	if !known {
		return 0, &ConfigError{LogLevelVariable, fmt.Errorf("%q is not a level", text), "write debug, info, warn or error"}
	}
	return level, nil
}
