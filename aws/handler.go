package aws

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/deadline"
)

// margin is how long before Lambda's deadline the handlers' context ends. A
// function that is still busy then is killed: the sender gets an answer without
// a reason, the next delivery a cold start.
const margin = 500 * time.Millisecond

// NewHandler returns a handler for [lambda.Start] that answers HTTP requests by
// what the receiver says. It is for those who make their own receiver; [Start]
// makes one from the environment.
//
// It takes the events of Function URLs, HTTP APIs with either payload format,
// REST APIs and Application Load Balancers with either form of headers, tells
// them apart by their content, and answers each in its form. What only keeps a
// function warm or tries it out (a scheduled event, serverless-plugin-warmup's,
// lambda-warmer's, the console's test, {}) is answered {"status":"ping"} and logged
// at debug level only. Any other event is an [*EventError].
//
// The context of the receiver's handlers ends 500 ms before Lambda's deadline,
// or when three quarters of the time are over. A handler that has not returned
// 100 ms later is left behind, and the sender is asked to try again: the
// delivery may then have been taken, and come a second time, with the same key.
//
// An event of another kind is logged by [slog.Default].
//
// The receiver is copied. Invoke may be called concurrently.
func NewHandler(receiver *core.Receiver) lambda.Handler {
	return &handler{deadline.Receiver(receiver)}
}

type handler struct{ receiver *core.Receiver }

// Invoke answers one event.
func (h *handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	e, err := decode(payload)
	if err != nil {
		if isPing(payload) {
			slog.DebugContext(ctx, "ping", "bytes", len(payload))
			return pong, nil
		}
		slog.ErrorContext(ctx, "event refused", "error", err, "bytes", len(payload))
		return nil, err
	}
	ctx, cancel := deadline.WithMargin(ctx, margin)
	defer cancel()
	return e.format.encode(h.receiver.Receive(ctx, e.request)), nil
}
