package inbox

import (
	"errors"
	"fmt"

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
)

// explain says what an error of SQLite means to the owner of the file. It
// leaves errors that are not SQLite's, such as a context's, as they are.
func explain(path string, err error) error {
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return err
	}
	advice := "the storage failed; look at the disk and at the system's log"
	switch failure.Code() & 0xff { // the rest is detail
	case sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("inbox %s: %w: the file is no SQLite database; name another file", path, ErrNotInbox)
	case sqlite3.SQLITE_CORRUPT:
		advice = `the file is damaged; move it away to start a new one, and recover it with "sqlite3 FILE .recover"`
	case sqlite3.SQLITE_FULL:
		advice = "the disk is full; free some space"
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		advice = "another program keeps the file locked; end that program or name another file"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		advice = "no permission to write the file or to make files beside it; change the permissions of both or name another file"
	}
	return fmt.Errorf("inbox %s: %s (%w)", path, advice, err)
}

// isBusy reports whether another process held the file for too long.
func isBusy(err error) bool {
	var failure *sqlite.Error
	return errors.As(err, &failure) && (failure.Code()&0xff == sqlite3.SQLITE_BUSY || failure.Code()&0xff == sqlite3.SQLITE_LOCKED)
}
