package aws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/worker"
	"github.com/labelhook/labelhook/internal/deadline"
	"github.com/labelhook/labelhook/internal/environment"
)

// StartWorker runs a Lambda function that gives every delivery of a queue, a bus or a
// bucket to h: what a receiver has put there by its destination. It is the whole of
// a main function, and does not return.
//
// The variables are those of [Start], and two have another meaning:
// LABELHOOK_OVERFLOW is the bucket where the receiver has put bodies that were too
// large for a message, and LABELHOOK_SOURCES lists the buckets whose notifications are
// taken. Both need [core.WithDestination] for "s3" with the OpenSource of package s3. Deliveries go to
// LABELHOOK_DESTINATIONS besides h.
//
// The signature that has travelled with a delivery is verified again, with the same
// secret. [core.WithoutVerification] leaves that out, and [core.WithUnsigned] takes
// what has none. With a wrong configuration every message stays where it is.
//
// See [NewWorkerHandler] for events, failures and deadlines.
func StartWorker(h core.Handler, options ...core.Option) {
	lambda.Start(workerFunction(os.Getenv, os.Environ, os.Stdout, h, options))
}

func workerFunction(getenv func(string) string, environ func() []string, stdout io.Writer, h core.Handler, options []core.Option) lambda.Handler {
	p := platform(getenv, environ, stdout, h, options)
	w, _, err := environment.Worker(p)
	if err != nil {
		p.Logger.Error("wrong configuration: every message stays where it is", "error", err)
		return NewWorkerHandler(&worker.Worker{Receiver: environment.Misconfigured(err, p.Logger)})
	}
	warmUp(w.Receiver, p.Logger)
	return NewWorkerHandler(w)
}

// NewWorkerHandler returns a handler for [lambda.Start] that has a worker take what
// Lambda is called with:
//
//   - messages of SQS, which hold a delivery, an event of EventBridge or the
//     notification of a bucket. The answer lists those that must stay in the queue
//     (batchItemFailures), so the event source mapping needs the function response type
//     ReportBatchItemFailures. Of a group of a FIFO queue all after the first that
//     failed are among them. What stays comes again, and in the end to the queue's
//     dead-letter queue;
//   - an event of EventBridge;
//   - notifications of S3, directly or by EventBridge.
//
// Of the last two a failure is an error of the function: Lambda calls it twice more,
// and then its on-failure destination. A bus may print a body anew. It is taken all
// the same if Labelbox sent it without white space, as it does; of any other the
// signature fails, and only a worker with [core.WithoutVerification] takes it.
//
// Deadlines and pings are those of [NewHandler]: messages for which there is no time
// left stay. Any other event is an error that names what came. Invoke may be called concurrently.
func NewWorkerHandler(w *worker.Worker) lambda.Handler {
	limited := *w
	limited.Receiver = deadline.Receiver(w.Receiver)
	return &workerHandler{&limited}
}

type workerHandler struct{ worker *worker.Worker }

// Invoke takes one event.
func (h *workerHandler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	ctx, cancel := deadline.WithMargin(ctx, margin)
	defer cancel()
	e, err := decodeMessages(ctx, h.worker, payload)
	if err != nil {
		if isPing(payload) {
			slog.DebugContext(ctx, "ping", "bytes", len(payload))
			return pong, nil
		}
		slog.ErrorContext(ctx, "event refused", "error", err, "bytes", len(payload))
		return nil, err
	}
	var all []worker.Message
	for _, item := range e.items {
		all = append(all, item.parts...)
	}
	answers := h.worker.TakeAll(ctx, all)
	failed := []failure{} // never null, which would fail the whole batch
	for _, item := range e.items {
		for range item.parts {
			if answers[0].Status != 200 && (len(failed) == 0 || failed[len(failed)-1].ID != item.id) {
				failed = append(failed, failure{item.id})
			}
			answers = answers[1:]
		}
	}
	if e.batch {
		return json.Marshal(map[string][]failure{"batchItemFailures": failed})
	}
	if len(failed) > 0 {
		return nil, fmt.Errorf("%w: %d of %d, the first is %s; the log says why", errNotTaken, len(failed), len(e.items), failed[0].ID)
	}
	return json.Marshal(map[string]string{"status": "accepted"})
}

// failure is a message that must stay in the queue
// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).
type failure struct {
	ID string `json:"itemIdentifier"`
}

var errNotTaken = errors.New("deliveries were not taken")
