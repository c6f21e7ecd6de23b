package inbox

import (
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// What the inbox refuses. All errors of this package are one line that names
// the file, what is wrong and what to do.
var (
	ErrClosed    = errors.New("the inbox is closed")
	ErrNotFound  = errors.New("no such delivery")
	ErrAmbiguous = errors.New("several deliveries match")
	ErrNotInbox  = errors.New("not an inbox")
	ErrNewer     = errors.New("written by a newer labelhook")
	ErrDamaged   = errors.New("the file is damaged")
	ErrNothing   = errors.New("there is no delivery in it that can be read")
)

// explain says what an error of SQLite means to the owner of the file. It
// leaves errors that are not SQLite's, such as a context's, as they are.
func explain(path string, err error) error {
	failure, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		_, found := errors.AsType[flaw](err)
		if found || err != nil && strings.HasPrefix(err.Error(), "sql: Scan error") { // a value of another type than the column's
			return damaged(path, err.Error())
		}
		return err
	}
	if failure.Code() == sqlite3.SQLITE_IOERR_SHORT_READ || strings.Contains(failure.Error(), "no such ") {
		return damaged(path, failure.Error())
	}
	advice := "the storage failed; look at the disk and at the system's log"
	switch failure.Code() & 0xff { // the rest is detail
	case sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("inbox %s: %w: the file is no SQLite database; name another file, or, if it was an inbox, %s", path, ErrNotInbox, wayOut(path))
	case sqlite3.SQLITE_CORRUPT:
		return damaged(path, failure.Error())
	case sqlite3.SQLITE_FULL:
		advice = "the disk is full; free some space"
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		advice = "another program keeps the file locked; end that program or name another file"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		advice = "no permission to write the file or to make files beside it; change the permissions of both or name another file"
	}
	return fmt.Errorf("inbox %s: %s (%w)", path, advice, err)
}

// flaw is damage that SQLite does not see.
type flaw string

func (f flaw) Error() string { return string(f) }

// damaged says what is wrong with the file and what saves the rest.
func damaged(path, what string) error {
	return fmt.Errorf("inbox %s: %w (%s); %s", path, ErrDamaged, strings.Join(strings.Fields(what), " "), wayOut(path))
}

func wayOut(path string) string {
	if strings.ContainsAny(path, " \t'\"\\$&;()<>|*?[]#~`!") {
		path = "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return "save what can be read of it with labelhook events --inbox " + path + " --salvage NEW.db, and move it away"
}

// isBusy reports whether another process held the file for too long.
func isBusy(err error) bool {
	failure, ok := errors.AsType[*sqlite.Error](err)
	return ok && (failure.Code()&0xff == sqlite3.SQLITE_BUSY || failure.Code()&0xff == sqlite3.SQLITE_LOCKED)
}
