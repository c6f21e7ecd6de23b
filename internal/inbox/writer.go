package inbox

import (
	"context"
	"database/sql/driver"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/labelhook/labelhook/core"
	"modernc.org/sqlite"
)

// What one transaction takes at most, so that neither its memory nor the wait
// for it grows with the load. A single larger body is still written.
const (
	batchJobs  = 1024
	batchBytes = 16 << 20
)

// job is one thing to write: a delivery with its status, or a new status of
// one that is there.
type job struct {
	delivery *core.Delivery
	status   Status
	settles  bool // the delivery is there; only its status is new

	// done gets the result once it is final. It holds one, so that the writer
	// never waits for somebody who has given up.
	done chan error
}

func (j *job) size() int {
	if j.settles {
		return 0
	}
	return len(j.delivery.Body)
}

// writer owns the one connection that writes. It calls the driver directly,
// because database/sql adds locks and conversions that a single owner does not
// need.
type writer struct {
	path string
	conn driver.Conn
	begin, commit, rollback,
	insert, update driver.StmtExecContext
	prepared []driver.Stmt
	args     []driver.NamedValue
	commits  atomic.Int64
}

func openWriter(path string) (_ *writer, err error) {
	name, err := dsn(path)
	if err != nil {
		return nil, err
	}
	// As durable as fsync and faster, for it leaves out the file's time stamps.
	// Where the system has no such call SQLite keeps to fsync.
	_, _ = sqlite.Fdatasync(true)

	w := &writer{path: path}
	if w.conn, err = (&sqlite.Driver{}).Open(name); err != nil {
		return nil, explain(path, err)
	}
	defer func() {
		if err != nil {
			w.close()
			err = explain(path, err)
		}
	}()
	// Page size and checkpoint distance were measured with bodies of 2.4 KB: the
	// distance of 4 MiB keeps the pause of a checkpoint to milliseconds.
	settings := `
		PRAGMA page_size = 8192;
		PRAGMA journal_mode = WAL;
		PRAGMA synchronous = FULL;
		PRAGMA fullfsync = ON; -- macOS, whose fsync does not reach the disk
		PRAGMA checkpoint_fullfsync = ON;
		PRAGMA wal_autocheckpoint = 512;
		PRAGMA journal_size_limit = 33554432;
		PRAGMA cache_size = -16384;`
	steps := []string{settings, found}
	if missing, err := w.lacksHeaders(); err != nil {
		return nil, err
	} else if missing {
		steps = []string{settings, addHeaders, found}
	}
	for _, text := range steps {
		if _, err = w.conn.(driver.ExecerContext).ExecContext(context.Background(), text, nil); err != nil {
			return nil, err
		}
	}
	for text, stmt := range map[string]*driver.StmtExecContext{
		"BEGIN IMMEDIATE": &w.begin,
		"COMMIT":          &w.commit,
		"ROLLBACK":        &w.rollback,
		insertDelivery:    &w.insert,
		updateStatus:      &w.update,
	} {
		prepared, fault := w.conn.Prepare(text)
		if fault != nil {
			return nil, fault
		}
		w.prepared = append(w.prepared, prepared)
		*stmt = prepared.(driver.StmtExecContext)
	}
	return w, nil
}

// lacksHeaders reports whether the file is an inbox without the column of headers.
func (w *writer) lacksHeaders() (missing bool, err error) {
	rows, err := w.conn.(driver.QueryerContext).QueryContext(context.Background(), headersMissing, nil)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	value := make([]driver.Value, 1)
	err = rows.Next(value)
	return value[0] == int64(1), err
}

// close releases the file, whose log the last process to leave moves into the
// file itself. SQLite keeps it open as long as one statement is.
func (w *writer) close() error {
	for _, stmt := range w.prepared {
		stmt.Close() // its errors are those of its last execution
	}
	return explain(w.path, w.conn.Close())
}

// run writes until the queue is closed and empty. Everything that waits goes
// into one transaction; a lone job does not wait for company.
func (w *writer) run(queue <-chan *job) {
	batch := make([]*job, 0, batchJobs)
	for first := range queue {
		batch = append(batch, first)
		// Those whom the last commit released are about to come back. This lets
		// them, where there are any, and costs nothing where there are none.
		runtime.Gosched()
		for size := first.size(); len(batch) < batchJobs && size < batchBytes; {
			next := poll(queue)
			if next == nil {
				break
			}
			batch, size = append(batch, next), size+next.size()
		}
		results := w.write(batch)
		for i, j := range batch {
			j.done <- results[i]
		}
		clear(batch)
		batch = batch[:0]
	}
}

// poll returns nil when nothing waits.
func poll(queue <-chan *job) *job {
	select {
	case j := <-queue:
		return j
	default:
		return nil
	}
}

// write returns the result of each job, all final. When the transaction fails
// it has failed for every job.
func (w *writer) write(batch []*job) []error {
	results := make([]error, len(batch))
	_, err := w.exec(w.begin)
	for i := 0; err == nil && i < len(batch); i++ {
		results[i], err = w.apply(batch[i])
	}
	if err == nil {
		_, err = w.exec(w.commit)
	}
	if err != nil {
		_, _ = w.exec(w.rollback) // fails if SQLite has done so already
		for i := range results {
			results[i] = explain(w.path, err)
		}
		return results
	}
	w.commits.Add(1)
	return results
}

// apply does one job inside the transaction. The first error concerns the job
// alone, the second the whole transaction.
func (w *writer) apply(j *job) (own, failed error) {
	d := j.delivery
	if !j.settles {
		_, err := w.exec(w.insert, d.Key(), d.ID, string(d.Event), string(d.Version), d.ProjectID, d.Subject(), d.DataRowID,
			micros(d.Time), micros(d.Received), int64(len(d.Body)), d.Origin, d.Signature, d.EventName, d.ContentType, d.Body, string(j.status), otherHeaders(d))
		return nil, err
	}
	changed, err := w.exec(w.update, string(j.status), micros(d.Time), d.Key())
	if err == nil && changed == 0 {
		return fmt.Errorf("inbox %s: %w: key %s; store the delivery first", w.path, ErrNotFound, d.Key()), nil
	}
	return nil, err
}

// exec returns how many rows the statement changed.
func (w *writer) exec(stmt driver.StmtExecContext, values ...driver.Value) (int64, error) {
	w.args = w.args[:0]
	for i, v := range values {
		w.args = append(w.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	result, err := stmt.ExecContext(context.Background(), w.args)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// micros is how the file holds a time; 0 is none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// fromMicros takes a time outside the years 1 to 9999 for none: JSON has no form
// for it, and inboxes of old may hold such.
func fromMicros(n int64) time.Time {
	if t := time.UnixMicro(n).UTC(); n != 0 && 1 <= t.Year() && t.Year() <= 9999 {
		return t
	}
	return time.Time{}
}
