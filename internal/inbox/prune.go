package inbox

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"slices"
	"strings"
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
// gets smaller, for which it is written anew while all others wait.
//
// Each transaction is complete, so what is returned with an error is gone.
func Prune(ctx context.Context, path string, p Pruning, dryRun bool) (removed int, err error) {
	exists, err := locate(path)
	switch {
	case err != nil:
		return 0, err
	case !exists:
		return 0, fmt.Errorf("inbox %s: %w", path, fs.ErrNotExist)
	}
	r, version, err := openReader(path, shared)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	if err := r.check(); err != nil {
		return 0, err
	}
	if version != schemaVersion {
		return 0, fmt.Errorf("inbox %s: made by an older labelhook; \"labelhook listen\" brings it up to date", path)
	}
	name, err := dsn(path, shared, "synchronous(FULL)")
	if err != nil {
		return 0, err
	}
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return 0, explain(path, err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // one connection, which BEGIN and COMMIT are on

	where, args := p.where()
	if dryRun {
		err = db.QueryRowContext(ctx, "SELECT count(*) FROM deliveries INDEXED BY listing WHERE "+where, args...).Scan(&removed)
		return removed, explain(path, err)
	}
	for {
		n, err := pruneSome(ctx, db, where, args)
		removed += n
		if err != nil {
			return removed, explain(path, err)
		}
		if n < pruneAtOnce {
			break
		}
	}
	if p.Vacuum {
		if _, err = db.ExecContext(ctx, "VACUUM"); err == nil {
			_, err = db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
		}
	}
	return removed, explain(path, err)
}

// where selects the rows. That of the newest stays, for SQLite would give its
// number to another, which the index of names may know.
func (p Pruning) where() (where string, args []any) {
	statuses := p.Status
	if len(statuses) == 0 {
		statuses = []Status{Accepted}
	}
	where = "status IN (?" + strings.Repeat(", ?", len(statuses)-1) + ") AND seq < ifnull((SELECT min(seq) FROM (SELECT seq FROM deliveries ORDER BY seq DESC LIMIT ?)), 0)"
	for _, s := range statuses {
		args = append(args, string(s))
	}
	args = append(args, max(p.Keep, 1))
	if !p.Before.IsZero() {
		where += " AND last_received < ?"
		args = append(args, p.Before.UnixMicro())
	}
	return where, args
}

// pruneSome removes the next rows and their names in one transaction.
func pruneSome(ctx context.Context, db *sql.DB, where string, args []any) (n int, err error) {
	if _, err := db.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			n = 0
			_, _ = db.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") // its cause is err
		}
	}()
	some := "SELECT seq FROM deliveries INDEXED BY listing WHERE " + where + fmt.Sprintf(" ORDER BY seq LIMIT %d", pruneAtOnce)
	for _, statement := range []string{
		"DELETE FROM names WHERE (name, seq) IN (SELECT key, seq FROM deliveries WHERE seq IN (" + some +
			") UNION ALL SELECT delivery_id, seq FROM deliveries WHERE seq IN (" + some + "))",
		"DELETE FROM deliveries WHERE seq IN (" + some + ")",
	} {
		these := args
		if strings.HasPrefix(statement, "DELETE FROM names") {
			these = slices.Concat(args, args)
		}
		result, err := db.ExecContext(ctx, statement, these...)
		if err != nil {
			return 0, err
		}
		rows, err := result.RowsAffected()
		if err != nil {
			return 0, err
		}
		n = int(rows)
	}
	_, err = db.ExecContext(ctx, "COMMIT")
	return n, err
}
