// Package floodlog writes log records of which strangers can cause any number, so
// that they do not fill the log.
package floodlog

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Log writes a few records of each kind at once, and of the rest how many there
// were. No record is left out of the count. The methods may be called concurrently.
//
// The count is written when the time is over, by a timer: nothing runs while
// nothing is left out.
type Log struct {
	few    int
	within time.Duration
	mu     sync.Mutex
	floods map[kind]*flood
}

// New makes a Log that writes few records of a kind in full within that time.
func New(few int, within time.Duration) *Log {
	return &Log{few: few, within: within, floods: map[kind]*flood{}}
}

// kind is what is counted together.
type kind struct {
	logger *slog.Logger
	name   string
}

// flood is what came of one kind since its time began.
type flood struct {
	level   slog.Level
	message string
	attrs   []slog.Attr
	written int
	rest    int
}

// maxKinds bounds what is remembered: beyond it all other kinds are one, whose
// records are counted and not written.
const maxKinds = 64

// Write writes the record with all attributes, or counts it. The count is written
// with the kind's own attributes, those before the detail.
func (l *Log) Write(ctx context.Context, logger *slog.Logger, level slog.Level, name, message string, own []slog.Attr, detail ...slog.Attr) {
	if !logger.Enabled(ctx, level) {
		return
	}
	if !l.count(logger, level, name, message, own) {
		return
	}
	logger.LogAttrs(ctx, level, message, append(own[:len(own):len(own)], detail...)...)
}

// count reports whether the record is one of the few.
func (l *Log) count(logger *slog.Logger, level slog.Level, name, message string, own []slog.Attr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := kind{logger, name}
	f := l.floods[k]
	if f == nil && len(l.floods) >= maxKinds {
		k, own = kind{logger: logger}, nil
		f = l.floods[k]
	}
	if f == nil {
		f = &flood{level: level, message: message, attrs: own}
		time.AfterFunc(l.within, func() { l.sumUp(k, f) })
		l.floods[k] = f
	}
	if k.name == name && f.written < l.few {
		f.written++
		return true
	}
	f.rest++
	return false
}

// sumUp ends the time of a flood, if nothing has ended it before.
func (l *Log) sumUp(k kind, f *flood) {
	l.mu.Lock()
	if l.floods[k] != f {
		l.mu.Unlock()
		return
	}
	delete(l.floods, k)
	l.mu.Unlock()
	if f.rest == 0 {
		return
	}
	attrs := append(f.attrs[:len(f.attrs):len(f.attrs)], slog.Int("count", f.rest))
	k.logger.LogAttrs(context.Background(), f.level, fmt.Sprintf("%s: and %s more", f.message, grouped(f.rest)), attrs...)
}

// Flush writes what has been counted so far: for the end of a process.
func (l *Log) Flush() {
	l.mu.Lock()
	floods := make(map[kind]*flood, len(l.floods))
	for k, f := range l.floods {
		floods[k] = f
	}
	l.mu.Unlock()
	for k, f := range floods {
		l.sumUp(k, f)
	}
}

// Shared is for refusals of all sorts: five records of a kind a second. It is one for the whole process, whose end flushes it.
var Shared = New(5, time.Second)

// ErrorLog is for the ErrorLog field of an HTTP server: what goes wrong with
// connections comes into logger, nil meaning [slog.Default], and is summed up.
func ErrorLog(logger *slog.Logger) *log.Logger {
	return log.New(errorLog{logger}, "", 0)
}

type errorLog struct{ logger *slog.Logger }

func (e errorLog) Write(text []byte) (int, error) {
	to := e.logger
	if to == nil {
		to = slog.Default()
	}
	Shared.Write(context.Background(), to, slog.LevelWarn, "connections", "connection failed", nil,
		slog.String("error", strings.TrimSpace(string(text))))
	return len(text), nil
}

// grouped writes a number as people read it: 4,312.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
