package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Pruning says what [Prune] removes: of the statuses, what came last before a
// time and is not among the newest. The newest delivery always stays.
type Pruning struct {
	Before time.Time // the last arrival; zero means any time
	Keep   int       // how many of the newest stay, whatever their status
	Status []Status  // none means accepted: others may still have to be passed on
	Vacuum bool      // give the space back to the file system
}

// pruneAtOnce is how many deliveries one transaction removes, so that a receiver
// that has the inbox open waits for milliseconds.
const pruneAtOnce = 256

// Prune removes deliveries from the inbox at path, the oldest first, and returns
// how many; with dryRun it only counts them. Other processes may have the inbox
// open. The room that is free is used for what comes next; with Vacuum the file
// gets smaller, for which no other process may have it open.
//
// Each transaction is complete, so what is returned with an error is gone.
func Prune(ctx context.Context, path string, p Pruning, dryRun bool) (removed int, err error) {
	if err := mustExist(path, "name another file"); err != nil {
		return 0, err
	}
	r, err := openReader(path, shared)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	if err := r.check(); err != nil {
		return 0, err
	}
	switch r.version {
	case schemaVersion:
	case 0:
		return 0, nil // there is nothing in the file yet
	default:
		return 0, fmt.Errorf("inbox %s: made by an older labelhook; \"labelhook listen\" brings it up to date", path)
	}
	// Free pages keep their content otherwise, and --salvage would read it back.
	db, err := openDB(path, shared, "synchronous(FULL)", "secure_delete(1)")
	if err != nil {
		return 0, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // one connection, which BEGIN and COMMIT are on

	where, args := p.where()
	where += " AND seq > ?" // what is behind the last batch need not be looked at again
	if dryRun {
		err = db.QueryRowContext(ctx, "SELECT count(*) FROM deliveries INDEXED BY listing WHERE "+where, append(args, 0)...).Scan(&removed)
		return removed, explain(path, err)
	}
	for last := int64(0); ; {
		began := time.Now()
		var n int
		n, last, err = pruneSome(ctx, db, where, append(args, last))
		removed += n
		if err != nil {
			return removed, explain(path, err)
		}
		if n < pruneAtOnce {
			break
		}
		select { // SQLite has no queue: a process that waits looks now and then whether the file is free
		case <-ctx.Done():
			return removed, ctx.Err()
		case <-time.After(time.Since(began)):
		}
	}
	if !p.Vacuum {
		return removed, nil
	}
	if err := errors.Join(r.Close(), db.Close()); err != nil {
		return removed, explain(path, err)
	}
	return removed, vacuum(ctx, path)
}

// vacuum writes the file again without the free room. It takes seconds for a
// gigabyte, longer than a receiver waits for the file, so no other process
// may have it open.
func vacuum(ctx context.Context, path string) error {
	db, err := openDB(path, shared, "locking_mode(EXCLUSIVE)")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(ctx, "PRAGMA busy_timeout = 0; VACUUM")
	if isBusy(err) {
		return fmt.Errorf("inbox %s: another program has it open, so the file keeps its size; end labelhook listen and use --vacuum again (%w)", path, err)
	}
	return explain(path, err)
}

// where selects the rows. That of the newest stays, for SQLite would give its
// number to another, which the index of names may know.
func (p Pruning) where() (where string, args []any) {
	statuses := p.Status
	if len(statuses) == 0 {
		statuses = []Status{Accepted}
	}
	where, args = hasStatus(statuses)
	where += " AND seq < ifnull((SELECT min(seq) FROM (SELECT seq FROM deliveries ORDER BY seq DESC LIMIT ?)), 0)"
	args = append(args, max(p.Keep, 1))
	if !p.Before.IsZero() {
		where += " AND last_received < ?"
		args = append(args, p.Before.UnixMicro())
	}
	return where, args
}

// pruneSome removes the next rows and their names in one transaction, and returns
// how many and the last.
func pruneSome(ctx context.Context, db *sql.DB, where string, args []any) (n int, last int64, err error) {
	if _, err := db.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return 0, 0, err
	}
	defer func() {
		if err != nil {
			n = 0
			_, _ = db.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") // its cause is err
		}
	}()
	some := fmt.Sprintf(`WITH some AS MATERIALIZED (SELECT seq, key, delivery_id FROM deliveries INDEXED BY listing WHERE %s ORDER BY seq LIMIT %d) `,
		where, pruneAtOnce)
	if err := db.QueryRowContext(ctx, some+"SELECT count(*), ifnull(max(seq), 0) FROM some", args...).Scan(&n, &last); err != nil {
		return 0, 0, err
	}
	for _, statement := range []string{
		"DELETE FROM names WHERE (name, seq) IN (SELECT key, seq FROM some UNION ALL SELECT delivery_id, seq FROM some)",
		"DELETE FROM names WHERE seq IN (SELECT some.seq FROM some JOIN deliveries USING (seq) WHERE repeats > 0)", // the ids of repeats
		"DELETE FROM deliveries WHERE seq IN (SELECT seq FROM some)",
	} {
		if _, err := db.ExecContext(ctx, some+statement, args...); err != nil {
			return 0, 0, err
		}
	}
	_, err = db.ExecContext(ctx, "COMMIT")
	return n, last, err
}
