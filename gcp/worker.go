package gcp

import (
	"log/slog"
	"net/http"
	"os"

	"github.com/GoogleCloudPlatform/functions-framework-go/functions"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/nethttp"
	"github.com/labelhook/labelhook/core/worker"
	"github.com/labelhook/labelhook/internal/deadline"
	"github.com/labelhook/labelhook/internal/environment"
)

// RegisterWorker makes an HTTP function that gives every delivery of a subscription
// or a bucket to h: what a receiver has put there by its destination. It registers the
// function as [Register] does, and as there a wrong configuration ends the process.
//
// The variables are those of Register, and two have another meaning:
// LABELHOOK_OVERFLOW is the bucket where the receiver has put bodies that were too
// large for a message, and LABELHOOK_SOURCES lists the buckets whose notifications are
// taken. Both need [core.WithDestination] for "gs" with the OpenSource of package gcs. Deliveries go to
// LABELHOOK_DESTINATIONS besides h.
//
// The signature that has travelled with a delivery is verified again, with the same
// secret. [core.WithoutVerification] leaves that out, and [core.WithUnsigned] takes
// what has none.
//
// Who may call the function is the platform's to check: deploy it without
// --allow-unauthenticated, and let the account of the push subscription or trigger
// invoke it (roles/run.invoker).
//
// See [NewWorkerHandler] for events and failures.
func RegisterWorker(name string, h core.Handler, options ...core.Option) http.Handler {
	if target := os.Getenv("FUNCTION_TARGET"); target != "" && target != name {
		return http.NotFoundHandler()
	}
	w, logger, err := configureWorker(h, options)
	if err != nil {
		refuse(err)
	}
	slog.SetDefault(logger)
	process.endOnSIGTERM(logger)
	handler := process.count(NewWorkerHandler(w))
	functions.HTTP(name, handler.ServeHTTP)
	return handler
}

func configureWorker(h core.Handler, options []core.Option) (*worker.Worker, *slog.Logger, error) {
	p, err := platform(h, options)
	if err != nil {
		return nil, nil, err
	}
	w, _, err := environment.Worker(p)
	return w, p.Logger, err
}

// NewWorkerHandler returns a handler for functions.HTTP that has a worker take what
// a request brings:
//
//   - a message of Pub/Sub, pushed with or without its wrapper, or by Eventarc. It
//     holds a delivery, or the notification of a bucket;
//   - the notification of a bucket by Eventarc, for an object that is complete.
//
// CloudEvents come in binary or structured mode. The request is answered 200 only if
// the delivery was taken: with any other status Pub/Sub sends it again, and in the end
// to the subscription's dead-letter topic. Deadlines are those of [NewHandler].
func NewWorkerHandler(w *worker.Worker) http.Handler {
	limited := *w
	limited.Receiver = deadline.Receiver(w.Receiver)
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		ctx, cancel := deadline.WithMargin(withOrigin(r.Context(), originOf(r)), margin)
		defer cancel()
		nethttp.Write(out, limited.Take(ctx, readMessage(ctx, &limited, r)))
	})
}
