package inbox

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"

	"github.com/labelhook/labelhook/core"
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
	headers  string // as the file holds them
	settles  bool   // the delivery is there; only its status is new
	repeat   bool   // it was there already; known once it is done

	// done gets the result once it is final. It holds one, so that the writer
	// never waits for somebody who has given up.
	done chan error
}

// toStore does here, where deliveries are many at a time, what the one writer
// would do for each after the other.
func toStore(d *core.Delivery, status Status) *job {
	d.Key()
	return &job{delivery: d, status: status, headers: otherHeaders(d)}
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
	conn driver.Conn // nil after the file could not be opened anew
	begin, commit, rollback,
	insert, update, rename driver.StmtExecContext
	prepared []driver.Stmt
	args     []driver.NamedValue
	commits  atomic.Int64

	files    files
	version  int64  // PRAGMA data_version: changes with what other connections commit
	lastTime int64  // of the last commit, a delivery that must be in the file: when there is one
	lastKey  string // its key, "" if there is none
	lastRow  int64  // that was inserted, 0 if none was
	waits    bool   // commits wait for the disk, see sync
	unnamed  int    // deliveries not in the index of names yet, about; see [writer.tidy]
	counted  bool   // unnamed is known
}

// open opens the file, which must exist, and makes an inbox of this version of it.
func (w *writer) open() (err error) {
	name, err := dsn(w.path, shared)
	if err != nil {
		return err
	}
	// As durable as fsync and faster, for it leaves out the file's time stamps.
	// Where the system has no such call SQLite keeps to fsync.
	_, _ = sqlite.Fdatasync(true)

	if w.conn, err = (&sqlite.Driver{}).Open(name); err != nil {
		w.conn = nil
		return explain(w.path, err)
	}
	defer func() {
		if err != nil {
			w.close()
			err = explain(w.path, err)
		}
	}()
	// Page size and checkpoint distance were measured with bodies of 2.4 KB: the
	// distance of 4 MiB keeps the pause of a checkpoint to milliseconds.
	const settings = `
		PRAGMA page_size = 8192;
		PRAGMA journal_mode = WAL;
		PRAGMA synchronous = FULL;
		PRAGMA fullfsync = ON; -- macOS, whose fsync does not reach the disk
		PRAGMA checkpoint_fullfsync = ON;
		PRAGMA wal_autocheckpoint = 512;
		PRAGMA journal_size_limit = 33554432;
		PRAGMA cache_size = -16384;
		BEGIN IMMEDIATE`
	if err = w.run(settings); err != nil {
		return err
	}
	missing, err := w.number(headersMissing)
	if err == nil && missing == 1 {
		err = w.run(addHeaders)
	}
	if err == nil {
		err = w.run(found + "COMMIT")
	}
	if err != nil {
		return err
	}
	for text, stmt := range map[string]*driver.StmtExecContext{
		"BEGIN IMMEDIATE": &w.begin,
		"COMMIT":          &w.commit,
		"ROLLBACK":        &w.rollback,
		insertDelivery:    &w.insert,
		updateStatus:      &w.update,
		insertName:        &w.rename,
	} {
		prepared, fault := w.conn.Prepare(text)
		if fault != nil {
			return fault
		}
		w.prepared = append(w.prepared, prepared)
		*stmt = prepared.(driver.StmtExecContext)
	}
	if w.version, err = w.number("PRAGMA data_version"); err != nil {
		return err
	}
	w.lastKey, w.lastRow, w.counted, w.waits = "", 0, false, true
	w.files, err = lookAt(w.path)
	return err
}

// close releases the file, whose log the last process to leave moves into the
// file itself. SQLite keeps it open as long as one statement is.
func (w *writer) close() error {
	if w.conn == nil {
		return nil
	}
	for _, stmt := range w.prepared {
		stmt.Close() // its errors are those of its last execution
	}
	w.prepared = nil
	err := w.conn.Close()
	w.conn = nil
	return explain(w.path, err)
}

// stop moves the log into the main file, also where that was moved, which
// SQLite alone would not do, and closes.
func (w *writer) stop() error {
	if w.conn != nil && w.look(false) != overwritten {
		_ = w.run("PRAGMA wal_checkpoint(TRUNCATE)") // fails while others read; the log then stays
	}
	return w.close()
}

// run executes statements that have no result.
func (w *writer) run(text string) error {
	_, err := w.conn.(driver.ExecerContext).ExecContext(context.Background(), text, nil)
	return err
}

// number is the first column of the first row of a query.
func (w *writer) number(query string) (int64, error) {
	rows, err := w.conn.(driver.QueryerContext).QueryContext(context.Background(), query, nil)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	row := make([]driver.Value, len(rows.Columns()))
	if err := rows.Next(row); err != nil {
		return 0, err
	}
	n, _ := row[0].(int64)
	return n, nil
}

// look says what has become of the files, and whether it matters.
func (w *writer) look(afterCommit bool) change {
	c := w.files.look(afterCommit)
	if c != touched {
		return c
	}
	// Another process that keeps to SQLite's rules is welcome.
	if version, err := w.number("PRAGMA data_version"); err == nil && version != w.version {
		w.version = version
		return unchanged
	}
	if !w.lastIsThere() {
		return overwritten
	}
	return unchanged
}

// lastIsThere reports whether another connection, which has no page of the file
// in memory, finds what was committed last.
func (w *writer) lastIsThere() bool {
	r, err := openReader(w.path, shared)
	if err != nil {
		return false
	}
	defer r.Close()
	if r.version != schemaVersion || w.lastKey == "" {
		return r.version == schemaVersion
	}
	n := 0
	err = r.db.QueryRow("SELECT count(*) FROM deliveries WHERE event_time = ? AND key = ?", w.lastTime, w.lastKey).Scan(&n)
	return err == nil && n == 1
}

// ready opens the file again where that has failed before, and makes sure that
// it is still the one at the path.
func (w *writer) ready() error {
	if w.conn == nil {
		return w.openAnew()
	}
	return w.replace(w.look(false))
}

// replace returns nil if there is no change. Otherwise the error says what has
// changed, and the file at the path has been opened anew.
func (w *writer) replace(c change) error {
	if c == unchanged {
		return nil
	}
	switch c {
	case moved, unaided:
		// What was acknowledged is to be in the file, wherever that is now.
		_ = w.run("PRAGMA wal_checkpoint(TRUNCATE)")
		w.close()
	case overwritten:
		// SQLite would write its log over the new content as it closes, unless
		// the file is not where it was.
		_ = w.files.removeAids() // tried again below
		aside := w.files.real + asideSuffix
		renamed := os.Rename(w.files.real, aside) == nil
		w.close()
		if renamed {
			if err := os.Rename(aside, w.files.real); err != nil {
				return fmt.Errorf("inbox %s: it %s, and is now called %s; rename it (%w)", w.path, c, aside, err)
			}
		}
	}
	err := w.files.removeAids()
	if err == nil {
		err = w.openAnew()
	}
	if err != nil {
		return fmt.Errorf("inbox %s: it %s, and cannot be opened anew, so nothing is stored: %w", w.path, c, err)
	}
	return &replacedError{fmt.Sprintf("inbox %s: it %s, so the delivery was not stored; the file at the path has been opened anew and takes the next", w.path, c)}
}

// replacedError is the news that another file is at the path, and open.
type replacedError struct{ text string }

func (e *replacedError) Error() string { return e.text }

// openAnew opens or creates the file at the path, as [Open] does.
func (w *writer) openAnew() error {
	r, err := find(w.path)
	if err != nil {
		return err
	}
	defer r.Close() // afterwards, or its files might go and come again
	return w.open()
}

// serve writes until the queue is closed and empty. Everything that waits goes
// into one transaction; a lone job does not wait for company. When nothing has
// come for a while it tidies up.
func (w *writer) serve(queue <-chan *job) {
	batch := make([]*job, 0, batchJobs)
	idle := time.NewTimer(tidyAfter)
	defer idle.Stop()
	for {
		var first *job
		select {
		case j, open := <-queue:
			if !open {
				return
			}
			first = j
		case <-idle.C:
			if more := w.tidy(); more {
				idle.Reset(tidyAfter)
			}
			continue
		}
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
		results, busy := w.write(batch)
		for i, j := range batch {
			j.done <- results[i]
		}
		if busy { // whoever came meanwhile has waited as well, and would wait once more
			for j := poll(queue); j != nil; j = poll(queue) {
				j.done <- results[0]
			}
		}
		clear(batch)
		batch = batch[:0]
		idle.Reset(tidyAfter)
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
// it has failed for every job; busy says that another process holds the file.
// Of a file that was replaced one job has the news, and the new file takes the
// others.
func (w *writer) write(batch []*job) (results []error, busy bool) {
	results = make([]error, len(batch))
	for first := range batch {
		err := w.attempt(batch[first:], results[first:])
		if _, replaced := errors.AsType[*replacedError](err); replaced {
			results[first] = err
			continue
		}
		if err != nil {
			for i := first; i < len(batch); i++ {
				results[i] = err
			}
		}
		return results, isBusy(err)
	}
	return results, false
}

// attempt is one transaction. The results are those of jobs that failed alone.
func (w *writer) attempt(batch []*job, results []error) error {
	if err := w.ready(); err != nil {
		return err
	}
	err := w.sync(slices.ContainsFunc(batch, func(j *job) bool { return !j.settles }))
	if err == nil {
		_, err = w.exec(w.begin)
	}
	for i := 0; err == nil && i < len(batch); i++ {
		results[i], err = w.apply(batch[i])
	}
	if err == nil {
		_, err = w.exec(w.commit)
	}
	if err != nil {
		w.rollBack()
		return explain(w.path, err)
	}
	// An answer says that the delivery is in the file at the path.
	if err := w.replace(w.look(true)); err != nil {
		return err
	}
	for _, j := range batch {
		if !j.settles {
			w.lastTime, w.lastKey = micros(j.delivery.Time), j.delivery.Key()
			w.unnamed++
		}
	}
	w.commits.Add(1)
	return nil
}

func (w *writer) rollBack() {
	_, _ = w.exec(w.rollback) // fails if SQLite has done so already
	w.lastRow = 0             // its number is given again
}

// sync says whether commits wait for the disk from now on. A power failure may
// take commits that do not, but neither what was synced before nor the file's
// order: a status that is lost leaves the delivery pending.
func (w *writer) sync(wait bool) error {
	if wait == w.waits {
		return nil
	}
	mode := map[bool]string{true: "FULL", false: "NORMAL"}[wait]
	if err := w.run("PRAGMA synchronous = " + mode); err != nil {
		return err
	}
	w.waits = wait
	return nil
}

// apply does one job inside the transaction. The first error concerns the job
// alone, the second the whole transaction.
func (w *writer) apply(j *job) (own, failed error) {
	d := j.delivery
	if !j.settles {
		result, err := w.exec(w.insert, d.Key(), d.ID, string(d.Event), string(d.Version), d.ProjectID, d.Subject(), d.DataRowID,
			micros(d.Time), micros(d.Received), int64(len(d.Body)), d.Origin, d.Signature, d.EventName, d.ContentType, d.Body, string(j.status), j.headers)
		if err != nil {
			return nil, err
		}
		// An update leaves the number of the row that was inserted last as it was.
		row, err := result.LastInsertId()
		if j.repeat = err == nil && row == w.lastRow; !j.repeat {
			w.lastRow = row
			return nil, err
		}
		if d.ID != "" { // under which it may be asked for
			_, err = w.exec(w.rename, micros(d.Time), d.Key(), d.ID)
		}
		return nil, err
	}
	result, err := w.exec(w.update, string(j.status), micros(d.Time), d.Key())
	if err != nil {
		return nil, err
	}
	if changed, err := result.RowsAffected(); err != nil || changed > 0 {
		return nil, err
	}
	return fmt.Errorf("inbox %s: %w: key %s; store the delivery first", w.path, ErrNotFound, d.Key()), nil
}

// exec runs a prepared statement.
func (w *writer) exec(stmt driver.StmtExecContext, values ...driver.Value) (driver.Result, error) {
	w.args = w.args[:0]
	for i, v := range values {
		w.args = append(w.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return stmt.ExecContext(context.Background(), w.args)
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
