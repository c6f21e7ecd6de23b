package inbox

import (
	"context"
	"database/sql"
	"iter"
	"os"
	"time"
)

// Changes yields after each change of what the inbox holds, by whichever process,
// until ctx ends. It looks every so often, so that any number of changes in
// between are one. While the file cannot be read nothing is known to change.
func (r *Reader) Changes(ctx context.Context, every time.Duration) iter.Seq[struct{}] {
	return func(yield func(struct{}) bool) {
		w := watch{reader: r}
		defer w.close()
		w.changed(ctx) // from now on
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if w.changed(ctx) && !yield(struct{}{}) {
				return
			}
		}
	}
}

// watch is one connection that is kept, because SQLite counts what others commit
// as seen from one connection.
type watch struct {
	reader  *Reader
	conn    *sql.Conn
	file    os.FileInfo // that conn has open
	version int64
}

func (w *watch) changed(ctx context.Context) bool {
	file, err := os.Stat(w.reader.real)
	if err != nil {
		return false
	}
	fresh := w.conn == nil || !os.SameFile(file, w.file) // another file has its place
	if fresh {
		w.close()
		if w.conn, err = w.reader.db.Conn(ctx); err != nil {
			w.conn = nil
			return false
		}
		w.file = file
	}
	before := w.version
	if err := w.conn.QueryRowContext(ctx, "PRAGMA data_version").Scan(&w.version); err != nil {
		w.close()
		return false
	}
	return fresh || w.version != before
}

func (w *watch) close() {
	if w.conn != nil {
		w.conn.Close()
		w.conn = nil
	}
}
