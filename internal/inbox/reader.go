package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"modernc.org/sqlite"

	"github.com/labelhook/labelhook/core/payload"
)

// Reader reads an inbox, also while another process writes to it. Its methods
// may be called concurrently.
type Reader struct {
	path    string
	db      *sql.DB
	indexed bool // the file has the indexes and headers of version 2

	access access
	real   string // where symbolic links lead
	stamp  stamp  // of the files as they were opened
}

// OpenReadOnly opens an inbox that must exist; the error matches
// [fs.ErrNotExist] if it does not. It takes an inbox that this user may not
// write to, in a folder that nobody may write to, too, and leaves no file there.
func OpenReadOnly(path string) (*Reader, error) {
	exists, err := locate(path)
	if err != nil {
		return nil, err
	}
	if !exists {
		return nil, fmt.Errorf("inbox %s: %w; start \"labelhook listen\" first or name another file", path, fs.ErrNotExist)
	}
	how := accessTo(path)
	r, version, err := openReader(path, how)
	if err != nil && how == sharedRO {
		r, version, err = openReader(path, unlocked)
	}
	if err != nil {
		if cause := forbidden(path); cause != nil {
			err = denied(path, cause)
		}
		return nil, err
	}
	if version == 0 {
		r.Close()
		return nil, fmt.Errorf("inbox %s: %w: there is nothing in the file yet; start \"labelhook listen\" first or name another file", path, ErrNotInbox)
	}
	return r, nil
}

// openReader opens an existing file of the version that is returned, 0 if it
// has yet to become an inbox.
func openReader(path string, how access) (r *Reader, version int, err error) {
	real := realPath(path)
	if n := unreached(real); n > 0 { // SQLite would also remove them
		return nil, 0, damaged(path, fmt.Sprintf("%d transactions in its -wal are behind one that cannot be read", n))
	}
	name, err := dsn(real, how, "query_only(1)")
	if err != nil {
		return nil, 0, err
	}
	connector, err := sqlite.NewConnector(name)
	if err != nil {
		return nil, 0, explain(path, err)
	}
	r = &Reader{path: path, real: real, access: how, stamp: stampOf(real), db: sql.OpenDB(connector)}
	if version, err = identify(context.Background(), r.db, path); err != nil {
		r.db.Close()
		return nil, 0, err
	}
	r.indexed = version != 1
	return r, version, nil
}

// checkTime bounds how long an inbox is looked through before it is used. It was
// measured to do for some gigabytes.
const checkTime = 5 * time.Second

// check looks for damage, without reading what it does not get to in time. It
// sees broken structures and not changed content, for which there is no sum.
func (r *Reader) check() error {
	ctx, cancel := context.WithTimeout(context.Background(), checkTime)
	defer cancel()
	var found string
	err := r.db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found)
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		return explain(r.path, err)
	case found != "ok":
		return damaged(r.path, strings.ReplaceAll(found, "*** in database main ***", ""))
	}
	return nil
}

// Total is how many deliveries there are, also where some cannot be read. It
// returns false if that cannot be known.
func (r *Reader) Total(ctx context.Context) (n int, known bool) {
	err := r.db.QueryRowContext(ctx, "SELECT count(*) FROM deliveries INDEXED BY once").Scan(&n)
	return n, err == nil
}

// Close releases the file.
func (r *Reader) Close() error { return explain(r.path, r.db.Close()) }

// Query selects deliveries. Its zero value selects all; every field that is
// set narrows the selection.
type Query struct {
	Since   time.Time     // received at that time or later
	Event   payload.Event // of this event
	Project string        // of the project with this id
	Status  []Status      // with one of these statuses
	IDs     []string      // with one of these delivery ids or whole keys
	Limit   int           // the newest so many; 0 means all
}

// batchRows is how many rows a list reads at a time.
const batchRows = 512

// List yields the selected deliveries, the first to arrive first. It yields
// those that were there when it began, as they are when it comes to them, and only
// bodies of which their keys were made. Between
// two deliveries it holds no lock and no snapshot, so a caller may take its time
// without making the writer's log grow. An error ends it.
func (r *Reader) List(ctx context.Context, q Query) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		stmt, err := r.db.PrepareContext(ctx, r.row())
		if err != nil {
			yield(Record{}, r.explain(err))
			return
		}
		defer stmt.Close()
		for head, err := range r.Heads(ctx, q) {
			if err != nil {
				yield(Record{}, err)
				return
			}
			record, err := scan(stmt.QueryRowContext(ctx, head.Seq))
			if errors.Is(err, sql.ErrNoRows) {
				continue // somebody has deleted it since
			}
			if !yield(record, r.explain(err)) || err != nil {
				return
			}
		}
	}
}

// Heads is List without the bodies and headers, which it does not read: Body,
// Signature, EventName and ContentType are empty. Its memory does not grow with
// the inbox.
func (r *Reader) Heads(ctx context.Context, q Query) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		s, err := r.selectRows(ctx, q)
		for err == nil {
			var batch []Record
			if batch, err = s.next(ctx); err != nil || len(batch) == 0 {
				break
			}
			for _, record := range batch {
				if !yield(record, nil) {
					return
				}
			}
		}
		if err == nil && q.Limit == 0 {
			err = r.checkListing(ctx)
		}
		if err := r.explain(err); err != nil {
			yield(Record{}, err)
		}
	}
}

// checkListing makes sure that the list has not ended early, at an entry whose
// number damage has made the last one.
func (r *Reader) checkListing(ctx context.Context) error {
	if !r.indexed {
		return nil
	}
	var listed, all int
	const query = `SELECT (SELECT count(*) FROM deliveries INDEXED BY listing WHERE seq <= (SELECT max(seq) FROM deliveries)),
		(SELECT count(*) FROM deliveries INDEXED BY once)`
	err := r.db.QueryRowContext(ctx, query).Scan(&listed, &all)
	if err == nil && listed != all {
		err = flaw(fmt.Sprintf("%d of %d deliveries are in its list", listed, all))
	}
	return err
}

// Count returns how many deliveries List would yield now.
func (r *Reader) Count(ctx context.Context, q Query) (int, error) {
	s, err := r.selectRows(ctx, q)
	n := 0
	for err == nil && s.ids == nil {
		err = r.db.QueryRowContext(ctx, "SELECT count(*)"+s.from+" AND seq > ? AND seq <= ?", append(s.args, s.after, s.last)...).Scan(&n)
		return n, r.explain(err)
	}
	for err == nil {
		var batch []Record
		if batch, err = s.next(ctx); len(batch) == 0 {
			break
		}
		n += len(batch)
	}
	return n, r.explain(err)
}

// rows is a selection of rows that is read in batches, in order of arrival.
type rows struct {
	db          *sql.DB
	from        string // FROM … WHERE …, without the range of seq
	args        []any
	after, last int64   // the range: above after, up to last
	ids         []int64 // the only rows that can match; nil for all
}

func (r *Reader) selectRows(ctx context.Context, q Query) (*rows, error) {
	var where []string
	s := &rows{db: r.db}
	and := func(condition string, values ...any) {
		where, s.args = append(where, condition), append(s.args, values...)
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
	index := "listing"
	if len(q.Status) > 0 {
		for _, status := range q.Status {
			s.args = append(s.args, string(status))
		}
		where = append(where, "status IN ("+strings.Repeat(",?", len(q.Status))[1:]+")")
		if !slices.Contains(q.Status, Accepted) {
			and("status <> 'accepted'")
			index = "unsettled"
		}
	}
	if len(q.IDs) > 0 {
		found, err := r.lookUp(ctx, q.IDs)
		if err != nil {
			return nil, err
		}
		s.ids = append([]int64{}, found...)
		index = "" // found by seq
	}
	s.from = " FROM deliveries"
	if r.indexed && index != "" {
		s.from += " INDEXED BY " + index
	}
	s.from += " WHERE " + strings.Join(where, " AND ")
	if err := r.db.QueryRowContext(ctx, "SELECT ifnull(max(seq), 0) FROM deliveries").Scan(&s.last); err != nil {
		return nil, err
	}
	if q.Limit > 0 {
		return s, s.limit(ctx, q.Limit)
	}
	return s, nil
}

// limit leaves the newest n rows of the selection.
func (s *rows) limit(ctx context.Context, n int) error {
	if s.ids == nil {
		newest := "SELECT ifnull(min(seq), ?) - 1 FROM (SELECT seq" + s.from + " AND seq <= ? ORDER BY seq DESC LIMIT ?)"
		return s.db.QueryRowContext(ctx, newest, append(append([]any{s.last + 1}, s.args...), s.last, n)...).Scan(&s.after)
	}
	all := *s
	var matching []int64
	for {
		batch, err := all.next(ctx)
		if err != nil {
			return err
		}
		if len(batch) == 0 {
			break
		}
		for _, r := range batch {
			matching = append(matching, r.Seq)
		}
	}
	s.ids = matching[max(0, len(matching)-n):]
	if s.ids == nil {
		s.ids = []int64{}
	}
	return nil
}

// next returns the next rows of the selection, none at its end.
func (s *rows) next(ctx context.Context) (batch []Record, err error) {
	for len(batch) == 0 {
		query, args := "SELECT "+headColumns+s.from, slices.Clone(s.args)
		if s.ids != nil {
			if len(s.ids) == 0 {
				return nil, nil
			}
			some := s.ids[:min(batchRows, len(s.ids))]
			s.ids = s.ids[len(some):]
			query += " AND seq IN (" + strings.Repeat(",?", len(some))[1:] + ")"
			for _, seq := range some {
				args = append(args, seq)
			}
		}
		query += " AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?"
		found, err := s.db.QueryContext(ctx, query, append(args, s.after, s.last, batchRows)...)
		if err != nil {
			return nil, err
		}
		for found.Next() {
			record, err := scanHead(found)
			if err != nil {
				found.Close()
				return nil, err
			}
			batch = append(batch, record)
			s.after = record.Seq
		}
		if err := found.Err(); err != nil || s.ids == nil {
			return batch, err
		}
	}
	return batch, nil
}

// lookUp returns the rows with one of these delivery ids or whole keys, the
// first to arrive first.
func (r *Reader) lookUp(ctx context.Context, names []string) ([]int64, error) {
	found := map[int64]bool{}
	upto, err := r.upto(ctx)
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, name := range names {
		if wanted[name] {
			continue
		}
		wanted[name] = true
		if r.indexed {
			if err := r.collect(ctx, found, "SELECT seq FROM names WHERE name = ?", name); err != nil {
				return nil, err
			}
		}
	}
	tail, err := r.db.QueryContext(ctx, "SELECT seq, key, delivery_id FROM deliveries"+r.listing()+" WHERE seq > ?", upto)
	if err != nil {
		return nil, err
	}
	defer tail.Close()
	for tail.Next() {
		var seq int64
		var key, id string
		if err := tail.Scan(&seq, &key, &id); err != nil {
			return nil, err
		}
		if wanted[key] || wanted[id] {
			found[seq] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), tail.Err()
}

// upto is the last row whose names are in the index of names. It must be read
// before that index: rows that get there meanwhile are then found twice, not
// never.
func (r *Reader) upto(ctx context.Context) (seq int64, err error) {
	if r.indexed {
		err = r.db.QueryRowContext(ctx, "SELECT upto FROM named").Scan(&seq)
	}
	return seq, err
}

func (r *Reader) listing() string {
	if r.indexed {
		return " INDEXED BY listing"
	}
	return ""
}

// row is the query for a whole row.
func (r *Reader) row() string {
	if r.indexed {
		return selectRow
	}
	return selectOld
}

// collect adds the rows that a query selects to found.
func (r *Reader) collect(ctx context.Context, found map[int64]bool, query string, args ...any) error {
	rows, err := r.db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		if err := rows.Scan(&seq); err != nil {
			return err
		}
		found[seq] = true
	}
	return rows.Err()
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
		return nil, r.explain(err)
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
		record, err := scan(r.db.QueryRowContext(ctx, r.row(), seq))
		if err != nil {
			return nil, r.explain(err)
		}
		records = append(records, record)
	}
	return records, r.explain(nil)
}

// match returns the rows that id stands for, the first to arrive first.
func (r *Reader) match(ctx context.Context, id string) ([]int64, error) {
	prefix := strings.ToLower(id)
	if len(prefix) < minPrefix || strings.Trim(prefix, "0123456789abcdef") != "" {
		prefix = "x" // no key begins with it
	}
	upto, err := r.upto(ctx)
	if err != nil {
		return nil, err
	}
	found := map[int64]bool{}
	if r.indexed {
		if err := r.collect(ctx, found, "SELECT seq FROM names WHERE name = ?", id); err != nil {
			return nil, err
		}
		if err := r.collect(ctx, found, "SELECT seq FROM names WHERE name >= ?1 AND name < ?1 || 'g'", prefix); err != nil {
			return nil, err
		}
	}
	if err := r.collect(ctx, found, "SELECT seq FROM deliveries"+r.listing()+
		" WHERE seq > ?3 AND (delivery_id = ?1 OR key >= ?2 AND key < ?2 || 'g')", id, prefix, upto); err != nil {
		return nil, err
	}
	var byID, byKey []int64
	keys := map[string]bool{}
	for _, seq := range slices.Sorted(maps.Keys(found)) {
		var key, deliveryID string
		err := r.db.QueryRowContext(ctx, "SELECT key, delivery_id FROM deliveries WHERE seq = ?", seq).Scan(&key, &deliveryID)
		switch {
		case errors.Is(err, sql.ErrNoRows): // deleted since
		case err != nil:
			return nil, err
		case deliveryID == id:
			byID = append(byID, seq)
		case strings.HasPrefix(key, prefix):
			byKey = append(byKey, seq)
			keys[key] = true
		}
	}
	if len(byID) > 0 {
		return byID, nil
	}
	if len(keys) > 1 {
		return nil, fmt.Errorf("inbox %s: %w: %d keys begin with %q; give more digits", r.path, ErrAmbiguous, len(keys), id)
	}
	return byKey, nil
}
