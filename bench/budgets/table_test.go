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

func TestInterleaveMeasuresBothSides(t *testing.T) {
	slow, fast := func() { spin(400 * time.Microsecond) }, func() { spin(100 * time.Microsecond) }
	if got := interleave(slow, fast).ratio(); got < 3 || got > 5 {
		t.Errorf("ratio %.2f of 400 µs to 100 µs", got)
	}
}

func spin(d time.Duration) {
	for began := time.Now(); time.Since(began) < d; {
	}
}
