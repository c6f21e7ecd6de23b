package inbox

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
)

// Salvaged says what [Salvage] has found.
type Salvaged struct {
	Read     int      // deliveries that are in the new inbox
	Missing  []string // keys of those that were there and cannot be read, in order of arrival
	Unknown  int      // numbers of arrival of which nothing is left; those that were deleted count, too
	CutShort bool     // the file ends before its end: nobody knows what came last
}

// Salvage reads all deliveries that can be read from the inbox at path, however
// damaged, into a new inbox. It goes through the pages of the file one by
// one, also where what leads to them is lost, and takes what has the key of
// its content. It changes nothing at path. The file should not be written to meanwhile.
//
// The error is [ErrNothing] if nothing can be read; there is no new inbox
// then.
func Salvage(ctx context.Context, path, into string) (found Salvaged, err error) {
	if err := mustExist(path, "name the damaged file"); err != nil {
		return found, err
	}
	if exists, err := locate(into); err != nil {
		return found, err
	} else if exists {
		return found, fmt.Errorf("inbox %s: %w; name a new file", into, os.ErrExist)
	}
	old, err := openPages(realPath(path))
	if err != nil {
		return found, denied(path, err)
	}
	defer old.Close()
	if err := create(into); err != nil {
		return found, err
	}
	defer func() {
		if err != nil {
			for _, suffix := range suffixes {
				os.Remove(into + suffix)
			}
		}
	}()
	w := &writer{path: into}
	if err := w.open(); err != nil {
		return found, err
	}
	read, err := salvageRows(ctx, old, w)
	if err = errors.Join(explain(into, err), w.stop()); err != nil {
		return found, err
	}
	if len(read) == 0 {
		return found, fmt.Errorf("inbox %s: %w", path, ErrNothing)
	}
	last := slices.Max(slices.Collect(maps.Values(read)))
	lost := map[string]int64{}
	err = old.records(false, func(_ int64, values []any) error {
		seq, key, ok := indexed(values)
		if _, isRead := read[key]; !ok || isRead {
			return ctx.Err()
		}
		if lost[key] == seq { // both indexes say so: one damaged byte would make it a number beyond all
			last = max(last, seq)
		}
		lost[key] = seq
		return ctx.Err()
	})
	found.Missing = slices.SortedFunc(maps.Keys(lost), func(a, b string) int { return cmp.Or(cmp.Compare(lost[a], lost[b]), cmp.Compare(a, b)) })
	found.Read = len(read)
	found.Unknown = max(0, int(last)-len(read)-len(lost))
	found.CutShort = old.count < old.claimed
	return found, err
}

// salvageRows puts the rows into a new inbox and returns their keys with their
// numbers.
func salvageRows(ctx context.Context, old *pages, w *writer) (read map[string]int64, err error) {
	read = map[string]int64{}
	prepared, err := w.conn.Prepare(insertSalvaged)
	if err != nil {
		return nil, err
	}
	defer prepared.Close()
	insert := prepared.(driver.StmtExecContext)
	if _, err := w.exec(w.begin); err != nil {
		return nil, err
	}
	size := 0
	err = old.records(true, func(seq int64, values []any) error {
		row, ok := rowOf(values)
		if !ok || seq <= 0 {
			return ctx.Err()
		}
		arguments := []driver.Value{seq}
		for _, v := range row {
			arguments = append(arguments, v)
		}
		result, err := w.exec(insert, arguments...)
		if err != nil {
			return err
		}
		if added, err := result.RowsAffected(); err == nil && added == 1 {
			read[row[columnKey].(string)] = seq
		}
		if size += len(row[columnBody].([]byte)); size > batchBytes {
			size = 0
			if _, err := w.exec(w.commit); err != nil {
				return err
			}
			if _, err := w.exec(w.begin); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
	if err == nil {
		_, err = w.exec(w.commit)
	}
	return read, err
}

// The columns of the table behind seq, in the order of [insertSalvaged].
const (
	columnKey = iota
	columnID
	columnEvent
	columnVersion
	columnProject
	columnSubject
	columnDataRow
	columnTime
	columnReceived
	columnLastReceived
	columnRepeats
	columnStatus
	columnSize
	columnOrigin
	columnSignature
	columnEventName
	columnContentType
	columnHeaders
	columnBody
	columns
)

// rowOf returns the columns of a record that is a delivery, as it came.
func rowOf(values []any) (row []any, ok bool) {
	if len(values) != 1+columns && len(values) != columns || values[0] != nil { // seq is the number of the row
		return nil, false
	}
	row = slices.Clone(values[1:])
	// The headers are missing in version 1, and come last where it was brought
	// up to date.
	if body, isBody := row[columnHeaders].([]byte); isBody {
		headers := any("")
		if len(row) == columns {
			headers = row[columnBody]
		}
		row = append(row[:columnHeaders], headers, body)
	}
	if len(row) != columns {
		return nil, false
	}
	for i, v := range row {
		switch v.(type) {
		case int64:
			ok = i >= columnTime && i <= columnRepeats || i == columnSize
		case string:
			ok = i < columnTime || i == columnStatus || i > columnSize && i < columnBody
		case []byte:
			ok = i == columnBody
		default:
			ok = false
		}
		if !ok {
			return nil, false
		}
	}
	if !slices.Contains(Statuses(), Status(row[columnStatus].(string))) {
		row[columnStatus] = string(Failed)
	}
	body := row[columnBody].([]byte)
	return row, int64(len(body)) == row[columnSize].(int64) &&
		isKeyOf(row[columnKey].(string), row[columnEvent].(string), row[columnEventName].(string), body)
}

// isKeyOf reports whether a body is the one of which the key was made.
func isKeyOf(key, event, name string, body []byte) bool {
	for _, d := range []*core.Delivery{
		{Event: payload.Event(event), EventName: name, Body: body},
		{Event: payload.Event(event), Body: body}, // how earlier versions made the key of an unknown shape
	} {
		if d.Key() == key {
			return true
		}
	}
	return false
}

// indexed reads an entry of the indexes once and listing.
func indexed(values []any) (seq int64, key string, ok bool) {
	at, keyAt := 0, 13
	switch {
	case len(values) == 3: // event_time, key, number
		at, keyAt = 2, 1
	case len(values) < 15:
		return 0, "", false
	}
	seq, ok = values[at].(int64)
	key, isText := values[keyAt].(string)
	return seq, key, ok && isText && seq > 0 && len(key) == 32 && strings.Trim(key, "0123456789abcdef") == ""
}
