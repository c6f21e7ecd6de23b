package probe

import (
	"fmt"
	"slices"
)

// noAnswer is the error that matches [ErrNoAnswer]. hint says what to do.
type noAnswer struct{ reason, hint string }

func (e noAnswer) Error() string        { return "no answer: " + e.reason }
func (e noAnswer) Is(target error) bool { return target == ErrNoAnswer }

// Hint says what to do about an error that matches [ErrNoAnswer].
func (e noAnswer) Hint() string { return e.hint }

// inWords says what a receiver of any make must answer.
func (q request) inWords() string {
	switch {
	case q.genuine:
		return "2xx"
	case q.name == "get":
		return "not 5xx"
	}
	return "4xx"
}

// judge compares the status alone. 4xx refuses, but for 404, by which there is no
// receiver; 2xx takes. 5xx is neither: senders try such again. What GET gets only
// says whether something is alive.
func (r *Row) judge(q request, a answer, before []Row) {
	r.Status = a.status
	takes := a.status >= 200 && a.status <= 299
	refuses := a.status >= 400 && a.status <= 499 && a.status != 404
	switch {
	case q.name == "get" && a.status != 0 && a.status <= 499, q.genuine && takes, !q.genuine && refuses:
		r.OK, r.Level = true, levelOK
	case q.Chunked && a.dropsChunks() && slices.ContainsFunc(before, func(b Row) bool { return b.Name == r.Name && b.OK }):
		r.Level, r.Note = levelWarning, chunksDropped
	case a.status == 0:
		r.Level, r.Note = levelFail, explain(q, a)
	case q.genuine && a.status <= 499 && a.status != 404:
		r.Level, r.Note = levelFail, fmt.Sprintf("a genuine delivery is answered %d; has the receiver this environment's secret?", a.status)
	case takes:
		r.Level, r.Note = levelFail, dangerous
	case foreignRefusals[a.status] != "":
		r.Level, r.Note = levelFail, foreignRefusals[a.status]
	default:
		r.Level, r.Note = levelFail, fmt.Sprintf("answered %d, which refuses nothing: senders try such again, and forgers can fill the log", a.status)
	}
}
