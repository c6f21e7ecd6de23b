package inbox

import "time"

// tidyAfter is how long nothing must have come before the writer tidies up.
const tidyAfter = 200 * time.Millisecond

// What is worth adding to the index of names, and how much at a time: a pass
// over the index costs about the same for few and for many, and holds up the
// deliveries that come meanwhile.
const (
	namesWorthwhile = 4096
	namesAtOnce     = 1 << 16
)

// tidy is done when nobody waits. It moves the log into the main file, so that
// that alone is the inbox, for whoever moves or copies it; and adds names to
// their index when there are enough of them.
//
// It reports whether there is more to do. Its errors are left to the next
// delivery, which meets them as well.
func (w *writer) tidy() (more bool) {
	if w.conn == nil || w.look(false) != unchanged {
		return false
	}
	if !w.counted {
		n, err := w.number("SELECT ifnull((SELECT max(seq) FROM deliveries), 0) - (SELECT upto FROM named)")
		if err != nil {
			return false
		}
		w.unnamed, w.counted = int(n), true
	}
	if w.unnamed >= namesWorthwhile {
		if w.run(addNames) != nil {
			_ = w.run("ROLLBACK")
			return false
		}
		w.counted, more = false, true
	}
	if w.run("PRAGMA wal_checkpoint(PASSIVE)") == nil {
		w.look(true)
	}
	return more
}
