package floodlog_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labelhook/labelhook/internal/floodlog"
)

// countOf returns how many records each line stands for, and the lines.
func countOf(t *testing.T, log *bytes.Buffer) (lines int, counts map[string]int) {
	t.Helper()
	counts = map[string]int{}
	for line := range strings.Lines(log.String()) {
		var record struct {
			Level, Code string
			Count       *int
		}
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		if record.Level != "WARN" {
			t.Errorf("level %s in %s", record.Level, line)
		}
		lines++
		n := 1
		if record.Count != nil {
			n = *record.Count
		}
		counts[record.Code] += n
	}
	return lines, counts
}

// Kinds without end take no memory without end, and are counted all the same.
func TestSummingOfManyKinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		logger := slog.New(slog.NewJSONHandler(&log, nil))
		s := floodlog.New(1, time.Second)
		for i := range 10_000 {
			s.Write(t.Context(), logger, slog.LevelWarn, fmt.Sprint(i), "at a path", []slog.Attr{slog.Int("path", i)})
		}
		s.Flush()
		lines, counts := countOf(t, &log)
		if lines > 100 || counts[""] != 10_000 {
			t.Errorf("%d lines for %v", lines, counts)
		}
	})
}

// What net/http says of connections comes into the log.
func TestConnectionErrorsAreLogged(t *testing.T) {
	var log bytes.Buffer
	errors := floodlog.ErrorLog(slog.New(slog.NewTextHandler(&log, nil)))
	for range 50 {
		errors.Print("http: Accept error: too many open files; retrying in 1s")
	}
	floodlog.Shared.Flush()
	if n := strings.Count(log.String(), "\n"); n != 6 || !strings.Contains(log.String(), `level=WARN msg="connection failed" error="http: Accept error`) ||
		!strings.Contains(log.String(), "count=45") {
		t.Errorf("%d lines: %s", n, &log)
	}
}
