package core

import (
	"context"
	"time"
)

// Observation is what a [Receiver] knows of a request once its answer is made:
// for a log, for metrics and for traces.
type Observation struct {
	Delivery *Delivery // nil where the request is refused: nothing in it is proven
	Outcome  Outcome
	Response Response
	Err      error         // why, nil if accepted; not for the sender's eyes
	Bytes    int           // of the body, as far as it was read
	Began    time.Time     // when this process had the whole request
	Duration time.Duration // from then to the answer
}

// Observer is told of every request, once, before the answer is sent. It is
// called concurrently, and the sender waits for it.
type Observer func(ctx context.Context, o Observation)

// Outcome is what became of a request, as the log names it.
type Outcome string

// The outcomes. The first three are answered 200, the others by the status of
// the [Code].
const (
	Accepted     Outcome = "accepted"
	Ignored      Outcome = "ignored"
	DeadLettered Outcome = "dead_lettered" // refused for good, and the dead letter handler took it
	Failed       Outcome = "failed"        // for now
	Rejected     Outcome = "rejected"      // for good
	Refused      Outcome = "refused"       // before any handler had it
)
