package azure

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
)

// NewLogger makes the logger that [Start] uses: one JSON object a line, with the
// fields time, level and msg, and in records made with a request's context
// invocation_id, by which the host's own traces of the request are found. The id
// is the host's word, but a sender can put one of its own beside it in some
// hosts: it is for looking things up and proves nothing.
//
// w should be os.Stdout, since the host takes lines on stderr for errors.
func NewLogger(w io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(invocationHandler{slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})})
}

const invocationHeader = "X-Azure-Functions-InvocationId"

type invocationKey struct{}

// withInvocation remembers the invocation's id. Of several it is the last: the
// host adds its own behind the sender's, after a comma.
func withInvocation(ctx context.Context, header http.Header) context.Context {
	ids := strings.Split(strings.Join(header.Values(invocationHeader), ","), ",")
	id := strings.TrimSpace(ids[len(ids)-1])
	if !isName(id) {
		return ctx
	}
	return context.WithValue(ctx, invocationKey{}, id)
}

type invocationHandler struct{ slog.Handler }

func (h invocationHandler) Handle(ctx context.Context, record slog.Record) error {
	if id, found := ctx.Value(invocationKey{}).(string); found {
		record = record.Clone()
		record.AddAttrs(slog.String("invocation_id", id))
	}
	return h.Handler.Handle(ctx, record)
}

func (h invocationHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return invocationHandler{h.Handler.WithAttrs(attrs)}
}

func (h invocationHandler) WithGroup(name string) slog.Handler {
	return invocationHandler{h.Handler.WithGroup(name)}
}
