package core

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"
)

// Summing writes log records of which strangers can cause any number: of one
// kind a few at once, of the others how many there were. No record is left out
// of the count. The methods may be called concurrently.
//
// The count is written when the time is over, by a timer: nothing runs while
// nothing is left out.
type Summing struct {
	few    int
	within time.Duration
	mu     sync.Mutex
	floods map[kind]*flood
}

// NewSumming makes a Summing that writes few records of a kind in full within
// that time.
func NewSumming(few int, within time.Duration) *Summing {
	return &Summing{few: few, within: within, floods: map[kind]*flood{}}
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

// Log writes the record with all attributes, or counts it. The count is written
// with the kind's own attributes, those before the detail.
func (s *Summing) Log(ctx context.Context, logger *slog.Logger, level slog.Level, name, message string, own []slog.Attr, detail ...slog.Attr) {
	if !logger.Enabled(ctx, level) {
		return
	}
	if !s.count(logger, level, name, message, own) {
		return
	}
	logger.LogAttrs(ctx, level, message, append(own[:len(own):len(own)], detail...)...)
}

// count reports whether the record is one of the few.
func (s *Summing) count(logger *slog.Logger, level slog.Level, name, message string, own []slog.Attr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := kind{logger, name}
	f := s.floods[k]
	if f == nil && len(s.floods) >= maxKinds {
		k, own = kind{logger: logger}, nil
		f = s.floods[k]
	}
	if f == nil {
		f = &flood{level: level, message: message, attrs: own}
		time.AfterFunc(s.within, func() { s.sumUp(k, f) })
		s.floods[k] = f
	}
	if k.name == name && f.written < s.few {
		f.written++
		return true
	}
	f.rest++
	return false
}

// sumUp ends the time of a flood, if nothing has ended it before.
func (s *Summing) sumUp(k kind, f *flood) {
	s.mu.Lock()
	if s.floods[k] != f {
		s.mu.Unlock()
		return
	}
	delete(s.floods, k)
	s.mu.Unlock()
	if f.rest == 0 {
		return
	}
	attrs := append(f.attrs[:len(f.attrs):len(f.attrs)], slog.Int("count", f.rest))
	k.logger.LogAttrs(context.Background(), f.level, fmt.Sprintf("%s: and %s more", f.message, grouped(f.rest)), attrs...)
}

// Flush writes what has been counted so far: for the end of a process.
func (s *Summing) Flush() {
	s.mu.Lock()
	floods := make(map[kind]*flood, len(s.floods))
	for k, f := range s.floods {
		floods[k] = f
	}
	s.mu.Unlock()
	for k, f := range floods {
		s.sumUp(k, f)
	}
}

// grouped writes a number as people read it: 4,312.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
