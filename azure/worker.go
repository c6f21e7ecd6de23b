package azure

import (
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/labelhook/labelhook/azure/internal/envelope"
	"github.com/labelhook/labelhook/azure/internal/timeout"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/nethttp"
	"github.com/labelhook/labelhook/core/worker"
	"github.com/labelhook/labelhook/internal/deadline"
	"github.com/labelhook/labelhook/internal/environment"
)

// StartWorker gives every delivery of a queue, topic or container to h: what a
// receiver has put there by its destination. It is the whole of a main function, and
// does not return. An app has one custom handler, so a worker is an app of its own.
//
// The variables are those of [Start], and two have another meaning:
// LABELHOOK_OVERFLOW is the container where the receiver has put bodies that were too
// large for a message, and LABELHOOK_SOURCES lists the containers whose notifications
// are taken. Both need [core.WithDestination] for "azblob" with the OpenSource of
// package blob. Deliveries go to LABELHOOK_DESTINATIONS besides h.
//
// The signature that has travelled with a delivery is verified again, with the same
// secret. [core.WithoutVerification] leaves that out, and [core.WithUnsigned] takes
// what has none. With a wrong configuration every message stays where it is.
//
// Port, signals, exit status and logs are those of Start. See [NewWorkerHandler] for
// triggers, failures and deadlines.
func StartWorker(h core.Handler, options ...core.Option) {
	os.Exit(start(h, options, program{configureWorker, routeMessages}))
}

// configureWorker makes the worker, or with a wrong configuration one that leaves every
// message where it is.
func configureWorker(p environment.Platform) (answers http.Handler, destinations []string) {
	w, destinations, err := environment.Worker(p)
	if err != nil {
		p.Logger.Error("wrong configuration; every message stays where it is until the app starts with a right one", "error", err)
		return NewWorkerHandler(&worker.Worker{Receiver: environment.Misconfigured(err, p.Logger)}), nil
	}
	warmUp(w.Receiver, p.Logger)
	return NewWorkerHandler(w), destinations
}

// routeMessages sends messages where they belong: the host posts them to the path of
// the function's name, whatever that is.
func routeMessages(messages http.Handler, _ *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := strings.Trim(r.URL.Path, "/"); {
		case path == "":
			ready(w, r)
		case strings.Contains(path, "/") || r.Method != http.MethodPost:
			http.Error(w, "nothing here; the Functions host posts messages to the name of the function", http.StatusNotFound)
		default:
			messages.ServeHTTP(w, r)
		}
	})
}

// NewWorkerHandler returns a handler that has a worker take what the Functions host
// posts in its envelope:
//
//   - of a serviceBusTrigger or queueTrigger a message: a delivery, or an event of
//     Event Grid for a blob that was made;
//   - of a blobTrigger, with either source, or an eventGridTrigger: a blob that was
//     made.
//
// The invocation succeeds only if the delivery was taken. Of any other the message
// comes again, and in the end the host or Service Bus puts it to the dead letters: the
// entity's, the queue NAME-poison, or webjobs-blobtrigger-poison.
//
// Triggers of Service Bus and blobs need "dataType": "binary", or the host decodes bodies
// as UTF-8, and no other "cardinality" than one. A queueTrigger needs "messageEncoding":
// "none" in host.json. Deadlines are those of [NewHandler].
func NewWorkerHandler(w *worker.Worker) http.Handler {
	limit := timeout.Limit(os.Getenv)
	limited := *w
	limited.Receiver = deadline.Receiver(w.Receiver)
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		end := time.Now().Add(limit)
		http.NewResponseController(out).SetReadDeadline(end.Add(bodyGrace))
		ctx, cancel := deadline.Before(withInvocation(r.Context(), r.Header), end)
		defer cancel()
		out = drainFirst{out, r.Body, end.Add(bodyGrace)}
		if response := limited.Take(ctx, readMessage(ctx, &limited, r)); response.Status == http.StatusOK {
			envelope.WriteTaken(out)
		} else {
			nethttp.Write(out, response) // any other status fails the invocation
		}
	})
}
