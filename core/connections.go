package core

import (
	"context"
	"log"
	"log/slog"
	"strings"
)

// ErrorLog is for an HTTP server's ErrorLog field: what goes wrong with
// connections comes into the receiver's log, and is summed up as refusals are.
func (r *Receiver) ErrorLog() *log.Logger {
	return log.New(connections{r.logger()}, "", 0)
}

type connections struct{ logger *slog.Logger }

func (c connections) Write(text []byte) (int, error) {
	refusals.Write(context.Background(), c.logger, slog.LevelWarn, "connections", "connection failed", nil,
		slog.String("error", strings.TrimSpace(string(text))))
	return len(text), nil
}
