package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/endtoend"
)

// Refusal is a request that was refused. Nothing in it is proven, and nothing of
// its body has been parsed.
type Refusal struct {
	Number   int64 // order of arrival; never used again
	Received time.Time
	Status   int       // as it was answered
	Code     core.Code // why
	Method   string
	Headers  []core.HeaderField // the signature, and those that [core.Delivery.Header] has of a delivery
	Size     int64              // of Body, in bytes
	Body     []byte             // nil in a list, and where it could not be read
}

// ID is how people name a refusal: r and its number.
func (r *Refusal) ID() string { return "r" + strconv.FormatInt(r.Number, 10) }

// RefusalNumber reads what [Refusal.ID] writes.
func RefusalNumber(id string) (number int64, ok bool) {
	digits, ok := strings.CutPrefix(id, "r")
	number, err := strconv.ParseInt(digits, 10, 64)
	return number, ok && err == nil && number > 0 && digits[0] != '+'
}

// Signature is the value of the signature header, "" unless there is just one.
func (r *Refusal) Signature() (value string) {
	n := 0
	for _, f := range r.Headers {
		if f.Name == core.SignatureHeader {
			value = f.Value
			n++
		}
	}
	if n != 1 {
		return ""
	}
	return value
}

// NewRefusal makes a refusal of a request and its answer.
func NewRefusal(r *http.Request, body []byte, answer core.Response) Refusal {
	n := Refusal{Received: time.Now(), Status: answer.Status, Code: answer.Code, Method: r.Method, Body: body, Size: int64(len(body))}
	add := func(name string) {
		for _, value := range r.Header.Values(name) {
			n.Headers = append(n.Headers, core.HeaderField{Name: name, Value: value})
		}
	}
	first := []string{core.SignatureHeader, core.IDHeader, core.EventHeader, "Content-Type"}
	for _, name := range first {
		add(name)
	}
	for _, name := range endtoend.Of(maps.Keys(r.Header), first...) {
		add(name)
	}
	return n
}

// refusedTable is made when the first refusal is kept; an inbox of a version that
// does not know it is none the worse for it.
const refusedTable = `CREATE TABLE IF NOT EXISTS refused (
	number   INTEGER PRIMARY KEY AUTOINCREMENT,
	received INTEGER NOT NULL, -- microseconds since 1970, UTC
	status   INTEGER NOT NULL,
	code     TEXT    NOT NULL,
	method   TEXT    NOT NULL,
	headers  TEXT    NOT NULL, -- "name: value", each in a line of its own
	size     INTEGER NOT NULL,
	body     BLOB
) STRICT`

// What the refusals of an inbox, and those on their way there, may take. Strangers
// can send any number.
const (
	refusedBytes = 16 << 20
	refusedQueue = 256
	refusedPause = 100 * time.Millisecond // what comes within it is one transaction
)

// Refusals keeps the last refused requests in an inbox. Its methods may be called
// concurrently.
type Refusals struct {
	path    string
	db      *sql.DB
	most    int
	last    atomic.Int64 // number given
	queue   chan Refusal
	waiting atomic.Int64 // bytes
	lost    atomic.Int64
	ended   chan error
	closing sync.RWMutex
	closed  bool
}

// OpenRefusals keeps the last so many refusals in the inbox at path, which must
// exist, and no more than 16 MiB of them.
func OpenRefusals(path string, most int) (*Refusals, error) {
	db, err := openDB(path, shared, "synchronous(NORMAL)", "secure_delete(1)")
	if err != nil {
		return nil, err
	}
	db.SetMaxIdleConns(0) // each transaction opens the file that is there now
	k := &Refusals{path: path, db: db, most: most, queue: make(chan Refusal, refusedQueue), ended: make(chan error, 1)}
	var last int64
	err = db.QueryRow("SELECT count(*) FROM sqlite_schema WHERE name = 'refused'").Scan(&last)
	if err == nil && last > 0 {
		err = db.QueryRow("SELECT ifnull(max(seq), 0) FROM sqlite_sequence WHERE name = 'refused'").Scan(&last)
	}
	if err != nil {
		db.Close()
		return nil, explain(path, err)
	}
	k.last.Store(last)
	go k.serve()
	return k, nil
}

// Add keeps a refusal and gives it its number, unless another process that keeps
// some in this inbox is quicker. It does not wait: while more come than can be kept,
// the newest are left out, and it returns "".
func (k *Refusals) Add(r Refusal) (id string) {
	k.closing.RLock()
	defer k.closing.RUnlock()
	if fits := k.waiting.Add(r.Size) <= refusedBytes; fits && !k.closed {
		r.Number = k.last.Add(1)
		select {
		case k.queue <- r:
			return r.ID()
		default:
		}
	}
	k.waiting.Add(-r.Size)
	k.lost.Add(1)
	return ""
}

// Close writes what waits. The error is that of the last transaction that failed.
func (k *Refusals) Close() error {
	k.closing.Lock()
	first := !k.closed
	k.closed = true
	if first {
		close(k.queue)
	}
	k.closing.Unlock()
	if !first {
		return nil
	}
	err := <-k.ended
	return errors.Join(err, k.db.Close())
}

func (k *Refusals) serve() {
	var failed error
	for first := range k.queue {
		batch := []Refusal{first}
		pause := time.After(refusedPause)
		for waiting := true; waiting && len(batch) < refusedQueue; {
			select {
			case r, open := <-k.queue:
				if waiting = open; open {
					batch = append(batch, r)
				}
			case <-pause:
				waiting = false
			}
		}
		if err := k.write(batch); err != nil {
			failed = explain(k.path, err)
		}
		for _, r := range batch {
			k.waiting.Add(-r.Size)
		}
	}
	k.ended <- failed
}

func (k *Refusals) write(batch []Refusal) error {
	ctx := context.Background()
	tx, err := k.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	// A file that has just taken the inbox's place is not one yet, and must stay
	// empty until the inbox makes it one.
	var application int
	if err := tx.QueryRowContext(ctx, "PRAGMA application_id").Scan(&application); err != nil || application != applicationID {
		return err
	}
	if _, err := tx.ExecContext(ctx, refusedTable); err != nil {
		return err
	}
	for _, r := range batch[max(0, len(batch)-k.most):] {
		_, err := tx.ExecContext(ctx, `INSERT INTO refused (number, received, status, code, method, headers, size, body)
			VALUES ((SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM refused WHERE number >= ?1)), ?, ?, ?, ?, ?, ?, ?)`,
			r.Number, r.Received.UnixMicro(), r.Status, string(r.Code), r.Method, headerLines(r.Headers), r.Size, r.Body)
		if err != nil {
			return err
		}
	}
	const tooMany = `DELETE FROM refused WHERE number <= (SELECT ifnull(max(number), 0) FROM
		(SELECT number, row_number() OVER newest AS n, sum(size + length(headers)) OVER newest AS bytes FROM refused WINDOW newest AS (ORDER BY number DESC))
		WHERE n > ? OR bytes > ?)`
	if _, err := tx.ExecContext(ctx, tooMany, k.most, refusedBytes); err != nil {
		return err
	}
	return tx.Commit()
}

// RefusedQuery selects refusals.
type RefusedQuery struct {
	Before int64  // with a lower number; 0 means any
	Text   string // in the code or the headers
	Limit  int    // the newest so many; 0 means all
}

// Refusals lists the refused requests that are kept, the newest first, without
// their bodies.
func (r *Reader) Refusals(ctx context.Context, q RefusedQuery) (list []Refusal, err error) {
	if kept, err := r.keepsRefusals(ctx); err != nil || !kept {
		return nil, err
	}
	if q.Limit == 0 {
		q.Limit = -1
	}
	err = r.each(ctx, `SELECT number, received, status, code, method, headers, size, NULL FROM refused
		WHERE (?1 = 0 OR number < ?1) AND (?2 = '' OR code || ' ' || headers LIKE ?2 ESCAPE '\') ORDER BY number DESC LIMIT ?3`,
		[]any{q.Before, contains(q.Text), q.Limit}, func(row scannable) error {
			n, err := scanRefusal(row)
			list = append(list, n)
			return err
		})
	return list, r.explain(err)
}

// Refusal returns a refused request with its body. The error matches
// [ErrNotFound] if it is not kept.
func (r *Reader) Refusal(ctx context.Context, number int64) (n Refusal, err error) {
	kept, err := r.keepsRefusals(ctx)
	if err == nil && kept {
		n, err = scanRefusal(r.db.QueryRowContext(ctx, "SELECT number, received, status, code, method, headers, size, body FROM refused WHERE number = ?", number))
	}
	if err == nil && !kept || errors.Is(err, sql.ErrNoRows) {
		return n, fmt.Errorf("inbox %s: %w: no refused request r%d; only the last are kept", r.path, ErrNotFound, number)
	}
	return n, r.explain(err)
}

func (r *Reader) keepsRefusals(ctx context.Context) (kept bool, err error) {
	err = r.db.QueryRowContext(ctx, "SELECT count(*) > 0 FROM sqlite_schema WHERE name = 'refused'").Scan(&kept)
	return kept, r.explain(err)
}

func scanRefusal(row scannable) (n Refusal, err error) {
	var received int64
	var headers string
	err = row.Scan(&n.Number, &received, &n.Status, &n.Code, &n.Method, &headers, &n.Size, &n.Body)
	n.Received, n.Headers = fromMicros(received), parseHeaders(headers)
	return n, err
}

// contains is a pattern of LIKE for texts that hold this one; "" for any.
func contains(text string) string {
	if text == "" {
		return ""
	}
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(text) + "%"
}
