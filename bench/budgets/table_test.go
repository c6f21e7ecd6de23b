package main

import (
	"strings"
	"testing"
	"time"
)

func TestTableFindsWhatIsBroken(t *testing.T) {
	var tab table
	tab.atMost("at the limit", 1.15, 1.15, "")
	tab.atMost("over the limit", 1.16, 1.15, "")
	tab.atLeast("at the least", 5, 5, "")
	tab.atLeast("under the least", 4.99, 5, "")
	tab.skip("not here", "needs a package")
	if got := tab.broken(); got != 2 {
		t.Errorf("broken() = %d, want 2", got)
	}
	var out strings.Builder
	if err := tab.print(&out); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		isBroken := strings.Contains(line, broken)
		if want := strings.HasPrefix(line, "over") || strings.HasPrefix(line, "under"); isBroken != want {
			t.Errorf("%q says broken: %v", line, isBroken)
		}
	}
	if !strings.Contains(out.String(), "skipped  needs a package") {
		t.Errorf("no named skip in\n%s", &out)
	}
}

func TestTurnsMeasureEveryFunction(t *testing.T) {
	measured := inTurns(func() { spin(400 * time.Microsecond) }, func() { spin(100 * time.Microsecond) }, func() { spin(50 * time.Microsecond) })
	got := measured.figure(func(r []time.Duration) float64 { return beyond(r[0], r[2], r[1]) })
	if got < 4.5 || got > 7.5 {
		t.Errorf("400 µs without 100 µs are %.2f times 50 µs", got)
	}
}

func spin(d time.Duration) {
	for began := spent(); spent()-began < d; {
	}
}
