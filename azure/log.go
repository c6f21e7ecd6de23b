package azure

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/labelhook/labelhook/azure/internal/sdk"
	"github.com/labelhook/labelhook/internal/jsonlog"
)

// NewLogger makes the logger that [Start] uses: one JSON object a line, with the
// fields time, level and msg, and in records made with a request's context
// invocation_id, by which the host's own traces of the request are found. The id
// is the host's word, but a sender can put one of its own beside it in some
// hosts: it is for looking things up and proves nothing.
//
// w should be os.Stdout, since the host takes lines on stderr for errors.
func NewLogger(w io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(jsonlog.New(w, level, jsonlog.Fields{Context: invocationID}))
}

const invocationHeader = "X-Azure-Functions-InvocationId"

type invocationKey struct{}

// withInvocation remembers the invocation's id. Of several it is the last: the
// host adds its own behind the sender's, after a comma.
func withInvocation(ctx context.Context, header http.Header) context.Context {
	ids := strings.Split(strings.Join(header.Values(invocationHeader), ","), ",")
	id := strings.TrimSpace(ids[len(ids)-1])
	if !sdk.IsName(id) {
		return ctx
	}
	return context.WithValue(ctx, invocationKey{}, id)
}

func invocationID(ctx context.Context) []slog.Attr {
	id, found := ctx.Value(invocationKey{}).(string)
	if !found {
		return nil
	}
	return []slog.Attr{slog.String("invocation_id", id)}
}
