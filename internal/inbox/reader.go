package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/labelhook/labelhook/core"
	"modernc.org/sqlite"
)

// Reader reads an inbox, also while another process writes to it. Its methods
// may be called concurrently.
type Reader struct {
	path string
	db   *sql.DB
}

// OpenReadOnly opens an inbox that must exist; the error matches
// [fs.ErrNotExist] if it does not.
func OpenReadOnly(path string) (*Reader, error) {
	exists, err := locate(path)
	if err != nil {
		return nil, err
	}
	if !exists {
		return nil, fmt.Errorf("inbox %s: %w; start \"labelhook listen\" first or name another file", path, fs.ErrNotExist)
	}
	r, empty, err := openReader(path)
	if err != nil {
		return nil, err
	}
	if empty {
		r.Close()
		return nil, fmt.Errorf("inbox %s: %w: the file is empty; start \"labelhook listen\" first or name another file", path, ErrNotInbox)
	}
	return r, nil
}

// openReader opens an existing file; empty says that it has yet to become an
// inbox.
func openReader(path string) (r *Reader, empty bool, err error) {
	name, err := dsn(path, "query_only(1)")
	if err != nil {
		return nil, false, err
	}
	connector, err := sqlite.NewConnector(name)
	if err != nil {
		return nil, false, explain(path, err)
	}
	r = &Reader{path: path, db: sql.OpenDB(connector)}
	if empty, err = identify(context.Background(), r.db, path); err != nil {
		r.db.Close()
		return nil, false, err
	}
	return r, empty, nil
}

// Close releases the file.
func (r *Reader) Close() error { return explain(r.path, r.db.Close()) }

// Query selects deliveries. Its zero value selects all; every field that is
// set narrows the selection.
type Query struct {
	Since   time.Time  // received at that time or later
	Event   core.Event // of this event
	Project string     // of the project with this id
	IDs     []string   // with one of these delivery ids or whole keys
	Limit   int        // the newest so many; 0 means all
}

// List yields the selected deliveries, the first to arrive first. It selects
// them when it begins: what arrives later is not among them. Between two
// deliveries it holds no lock and no snapshot, so a caller may take its time
// without making the writer's log grow. An error ends it.
func (r *Reader) List(ctx context.Context, q Query) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		rows, err := r.find(ctx, q)
		if err != nil {
			yield(Record{}, err)
			return
		}
		stmt, err := r.db.PrepareContext(ctx, selectRow)
		if err != nil {
			yield(Record{}, explain(r.path, err))
			return
		}
		defer stmt.Close()
		for _, seq := range rows {
			record, err := scan(stmt.QueryRowContext(ctx, seq))
			if errors.Is(err, sql.ErrNoRows) {
				continue // somebody has deleted it since
			}
			if !yield(record, explain(r.path, err)) || err != nil {
				return
			}
		}
	}
}

// Count returns how many deliveries List would yield now.
func (r *Reader) Count(ctx context.Context, q Query) (int, error) {
	rows, err := r.find(ctx, q)
	return len(rows), err
}

// find returns the rows that q selects, the first to arrive first.
func (r *Reader) find(ctx context.Context, q Query) ([]int64, error) {
	var where []string
	var args []any
	and := func(condition string, values ...any) {
		where, args = append(where, condition), append(args, values...)
	}
	and("true")
	if !q.Since.IsZero() {
		and("received >= ?", q.Since.UnixMicro())
	}
	if q.Event != "" {
		and("event = ?", string(q.Event))
	}
	if q.Project != "" {
		and("project_id = ?", q.Project)
	}
	if len(q.IDs) > 0 {
		marks := strings.Repeat(",?", len(q.IDs))[1:]
		var ids []any
		for _, id := range q.IDs {
			ids = append(ids, id)
		}
		and("(delivery_id IN ("+marks+") OR key IN ("+marks+"))", append(ids, ids...)...)
	}
	limit := q.Limit
	if limit <= 0 {
		limit = -1
	}
	rows, err := r.db.QueryContext(ctx, "SELECT seq FROM deliveries INDEXED BY filters WHERE "+strings.Join(where, " AND ")+
		" ORDER BY seq DESC LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, explain(r.path, err)
	}
	defer rows.Close()
	var found []int64
	for rows.Next() {
		var seq int64
		if err := rows.Scan(&seq); err != nil {
			return nil, explain(r.path, err)
		}
		found = append(found, seq)
	}
	slices.Reverse(found)
	return found, explain(r.path, rows.Err())
}

// minPrefix is the shortest beginning of a key that stands for it.
const minPrefix = 8

// Get returns the deliveries with this delivery id, the first to arrive first:
// nothing makes the sender's ids unique. Otherwise id is a key, or the first 8
// digits or more of just one. The error matches [ErrNotFound] or
// [ErrAmbiguous].
func (r *Reader) Get(ctx context.Context, id string) ([]Record, error) {
	if id == "" {
		return nil, fmt.Errorf("inbox %s: %w: no id given; give a delivery id or a key", r.path, ErrNotFound)
	}
	matches, err := r.match(ctx, id)
	if err != nil {
		return nil, err
	}
	if len(matches) == 0 {
		hint := "list the deliveries to see which there are"
		if len(id) < minPrefix {
			hint = fmt.Sprintf("give a whole delivery id or at least %d digits of a key", minPrefix)
		}
		return nil, fmt.Errorf("inbox %s: %w: %q; %s", r.path, ErrNotFound, id, hint)
	}
	var records []Record
	for _, seq := range matches {
		record, err := scan(r.db.QueryRowContext(ctx, selectRow, seq))
		if err != nil {
			return nil, explain(r.path, err)
		}
		records = append(records, record)
	}
	return records, nil
}

// match returns the rows that id stands for, the first to arrive first.
func (r *Reader) match(ctx context.Context, id string) ([]int64, error) {
	prefix := strings.ToLower(id)
	if len(prefix) < minPrefix {
		prefix = "x" // no key begins with it
	}
	rows, err := r.db.QueryContext(ctx, `SELECT seq, key, delivery_id = ?1 FROM deliveries INDEXED BY filters
		WHERE delivery_id = ?1 OR key >= ?2 AND key < ?2 || 'g' ORDER BY seq`, id, prefix)
	if err != nil {
		return nil, explain(r.path, err)
	}
	defer rows.Close()
	var byID, byKey []int64
	keys := map[string]bool{}
	for rows.Next() {
		var seq int64
		var key string
		var same bool
		if err := rows.Scan(&seq, &key, &same); err != nil {
			return nil, explain(r.path, err)
		}
		if same {
			byID = append(byID, seq)
		} else {
			byKey = append(byKey, seq)
			keys[key] = true
		}
	}
	if err := rows.Err(); err != nil {
		return nil, explain(r.path, err)
	}
	if len(byID) > 0 {
		return byID, nil
	}
	if len(keys) > 1 {
		return nil, fmt.Errorf("inbox %s: %w: %d keys begin with %q; give more digits", r.path, ErrAmbiguous, len(keys), id)
	}
	return byKey, nil
}
