package inbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/labelhook/labelhook/core/payload"
)

// Reader reads an inbox, also while another process writes to it. Its methods
// may be called concurrently.
type Reader struct {
	path    string
	db      *sql.DB
	version int // of the file, 0 if it has yet to become an inbox

	access access
	real   string // where symbolic links lead
	stamp  stamp  // of the files as they were opened
}

// OpenReadOnly opens an inbox that must exist; the error matches
// [fs.ErrNotExist] if it does not. It takes an inbox that this user may not
// write to, in a folder that nobody may write to, too, and leaves no file there.
func OpenReadOnly(path string) (*Reader, error) {
	const advice = `start "labelhook listen" first or name another file`
	if err := mustExist(path, advice); err != nil {
		return nil, err
	}
	how := accessTo(path)
	r, err := openReader(path, how)
	if err != nil && how == sharedRO {
		r, err = openReader(path, unlocked)
	}
	if err != nil {
		if cause := forbidden(path); cause != nil {
			err = denied(path, cause)
		}
		return nil, err
	}
	if r.version == 0 {
		r.Close()
		return nil, fmt.Errorf("inbox %s: %w: there is nothing in the file yet; %s", path, ErrNotInbox, advice)
	}
	return r, nil
}

// openReader opens an existing file, also one that has yet to become an inbox.
func openReader(path string, how access) (*Reader, error) {
	real := realPath(path)
	if n := unreached(real); n > 0 { // SQLite would also remove them
		return nil, damaged(path, fmt.Sprintf("%d transactions in its -wal are behind one that cannot be read", n))
	}
	r := &Reader{path: path, real: real, access: how, stamp: stampOf(real)}
	var err error
	if r.db, err = openDB(real, how, "query_only(1)"); err != nil {
		return nil, err
	}
	if r.version, err = identify(context.Background(), r.db, path); err != nil {
		r.db.Close()
		return nil, err
	}
	return r, nil
}

// indexed reports whether the file has the indexes and headers of version 2.
func (r *Reader) indexed() bool { return r.version != 1 }

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
	Subject string        // about this label, data row or model run
	Text    string        // with this text in an id, key, subject, project, data row or event, in any case
	Before  int64         // that came before the one with this Seq
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
	if !r.indexed() {
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
	if err == nil {
		err = r.db.QueryRowContext(ctx, "SELECT count(*)"+s.from+" AND seq > ? AND seq <= ?", append(s.args, s.after, s.last)...).Scan(&n)
	}
	return n, r.explain(err)
}

// rows is a selection of rows that is read in batches, in order of arrival.
type rows struct {
	*Reader
	from        string // FROM … WHERE …, without the range of seq
	args        []any
	after, last int64   // the range: above after, up to last
	only        []int64 // of a query with ids: the rows that are left of those that can match; the last of args has all
}

func (r *Reader) selectRows(ctx context.Context, q Query) (*rows, error) {
	var where []string
	s := &rows{Reader: r}
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
	if q.Subject != "" {
		and("subject = ?", q.Subject)
	}
	if q.Text != "" {
		and(`delivery_id || ' ' || key || ' ' || subject || ' ' || project_id || ' ' || data_row_id || ' ' || event LIKE ? ESCAPE '\'`, contains(q.Text))
	}
	if q.Before != 0 {
		and("seq < ?", q.Before)
	}
	index := "listing"
	if len(q.Status) > 0 {
		condition, statuses := hasStatus(q.Status)
		and(condition, statuses...)
		if !slices.Contains(q.Status, Accepted) {
			and("status <> 'accepted'")
			index = "unsettled"
		}
	}
	if len(q.IDs) > 0 {
		var err error
		if s.only, err = r.lookUp(ctx, q.IDs); err != nil {
			return nil, err
		}
		and("seq IN (SELECT value FROM json_each(?))", jsonOf(s.only))
		index = "" // found by seq
	}
	s.from = " FROM deliveries"
	if r.indexed() && index != "" {
		s.from += " INDEXED BY " + index
	}
	s.from += " WHERE " + strings.Join(where, " AND ")
	if err := r.db.QueryRowContext(ctx, "SELECT ifnull(max(seq), 0) FROM deliveries").Scan(&s.last); err != nil {
		return nil, err
	}
	if q.Limit > 0 {
		newest := "SELECT ifnull(min(seq), ?) - 1 FROM (SELECT seq" + s.from + " AND seq <= ? ORDER BY seq DESC LIMIT ?)"
		args := slices.Concat([]any{s.last + 1}, s.args, []any{s.last, q.Limit})
		if err := r.db.QueryRowContext(ctx, newest, args...).Scan(&s.after); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// hasStatus is the condition that a row has one of these statuses.
func hasStatus(statuses []Status) (condition string, args []any) {
	for _, status := range statuses {
		args = append(args, string(status))
	}
	return "status IN (?" + strings.Repeat(", ?", len(statuses)-1) + ")", args
}

// jsonOf is one argument for any number of rows.
func jsonOf(seqs []int64) string {
	list, _ := json.Marshal(seqs) // numbers never fail
	return string(list)
}

// next returns the next rows of the selection, none at its end.
func (s *rows) next(ctx context.Context) (batch []Record, err error) {
	for {
		args := slices.Concat(s.args, []any{s.after, s.last, batchRows})
		if s.only != nil {
			some := s.only[:min(batchRows, len(s.only))]
			s.only = s.only[len(some):]
			args[len(s.args)-1] = jsonOf(some)
		}
		err = s.each(ctx, "SELECT "+headColumns+s.from+" AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?", args, func(row scannable) error {
			var record Record
			err := record.scan(row)
			batch, s.after = append(batch, record), record.Seq
			return err
		})
		if err != nil || len(batch) > 0 || len(s.only) == 0 {
			return batch, err
		}
	}
}

// each calls f with every row of a result.
func (r *Reader) each(ctx context.Context, query string, args []any, f func(row scannable) error) error {
	rows, err := r.db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// lookUp returns the rows with one of these delivery ids or whole keys, the
// first to arrive first.
func (r *Reader) lookUp(ctx context.Context, names []string) ([]int64, error) {
	found, wanted := map[int64]bool{}, map[string]bool{}
	upto, err := r.upto(ctx)
	for _, name := range names {
		if err == nil && !wanted[name] && r.indexed() {
			err = r.each(ctx, "SELECT seq FROM names WHERE name = ?", []any{name}, func(row scannable) error {
				var seq int64
				err := row.Scan(&seq)
				found[seq] = true
				return err
			})
		}
		wanted[name] = true
	}
	if err != nil {
		return nil, err
	}
	err = r.each(ctx, "SELECT seq, key, delivery_id FROM deliveries"+r.listing()+" WHERE seq > ?", []any{upto}, func(row scannable) error {
		var seq int64
		var key, id string
		err := row.Scan(&seq, &key, &id)
		if wanted[key] || wanted[id] {
			found[seq] = true
		}
		return err
	})
	return slices.Sorted(maps.Keys(found)), err
}

// upto is the last row whose names are in the index of names. It must be read
// before that index: rows that get there meanwhile are then found twice, not
// never.
func (r *Reader) upto(ctx context.Context) (seq int64, err error) {
	if r.indexed() {
		err = r.db.QueryRowContext(ctx, "SELECT upto FROM named").Scan(&seq)
	}
	return seq, err
}

func (r *Reader) listing() string {
	if r.indexed() {
		return " INDEXED BY listing"
	}
	return ""
}

// row is the query for a whole row.
func (r *Reader) row() string {
	if r.indexed() {
		return selectRow
	}
	return selectOld
}

// minPrefix is the shortest beginning of a key that stands for it.
const minPrefix = 8

// Get returns the deliveries that came with this delivery id, at first or as a
// repeat, the first to arrive first: nothing makes the sender's ids unique. Otherwise id is a key, or the first 8
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
	query := "SELECT seq, key, delivery_id FROM deliveries" + r.listing() + " WHERE (delivery_id = ?1 OR key >= ?2 AND key < ?2 || 'g')"
	if r.indexed() {
		query += ` AND seq > (SELECT upto FROM named)
			UNION SELECT seq, key, delivery_id FROM deliveries WHERE seq IN (
				SELECT seq FROM names WHERE name = ?1 UNION SELECT seq FROM names WHERE name >= ?2 AND name < ?2 || 'g')`
	}
	var byID, byKey []int64
	keys := map[string]bool{}
	err := r.each(ctx, query+" ORDER BY seq", []any{id, prefix}, func(row scannable) error {
		var seq int64
		var key, deliveryID string
		err := row.Scan(&seq, &key, &deliveryID)
		switch {
		case deliveryID == id:
			byID = append(byID, seq)
		case strings.HasPrefix(key, prefix):
			byKey = append(byKey, seq)
			keys[key] = true
		default: // a repeat came with the id
			byID = append(byID, seq)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(byID) > 0 {
		return byID, nil
	}
	if len(keys) > 1 {
		return nil, fmt.Errorf("inbox %s: %w: %d keys begin with %q; give more digits", r.path, ErrAmbiguous, len(keys), id)
	}
	return byKey, nil
}
