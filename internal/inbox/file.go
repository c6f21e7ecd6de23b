package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// busyTimeout is how long one process waits for another to release the file. A
// sender must still be there to hear that it was in vain.
const busyTimeout = 3 * time.Second

// locate looks at path before SQLite does, whose errors for a wrong path are
// vague. It reports whether there is a file.
func locate(path string) (exists bool, err error) {
	info, err := os.Stat(path)
	switch {
	case path == "":
		return false, errors.New(`inbox: no file named; name one, such as "labelhook.db"`)
	case err == nil && info.IsDir():
		return false, fmt.Errorf("inbox %s: this is a folder; name a file in it", path)
	case err == nil && !info.Mode().IsRegular():
		return false, fmt.Errorf("inbox %s: not a regular file; name another", path)
	case err == nil:
		return true, nil
	case !errors.Is(err, fs.ErrNotExist):
		return false, denied(path, err)
	}
	folder := filepath.Dir(path)
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("inbox %s: the folder %s does not exist; create it (%w)", path, folder, fs.ErrNotExist)
	}
	return false, nil
}

// mustExist is [locate] for a file that is not made where there is none.
func mustExist(path, advice string) error {
	exists, err := locate(path)
	if err == nil && !exists {
		err = fmt.Errorf("inbox %s: %w; %s", path, fs.ErrNotExist, advice)
	}
	return err
}

// create makes an empty file for the owner only. SQLite gives the files that
// it keeps beside it the same mode.
func create(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil // by another process, this very moment
	}
	if err == nil {
		err = file.Close()
	}
	if err == nil && runtime.GOOS != "windows" { // folders cannot be synced there
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return denied(path, err)
	}
	return nil
}

// syncFolder keeps a power failure from taking the name of a new file, and with
// it everything that was committed to it.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

func denied(path string, err error) error {
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	return fmt.Errorf("inbox %s: cannot be opened; change the permissions of file and folder or name another file (%w)", path, err)
}

// openDB opens an existing file.
func openDB(path string, a access, pragmas ...string) (*sql.DB, error) {
	name, err := dsn(path, a, pragmas...)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", name)
	return db, explain(path, err)
}

// dsn names an existing file to the driver. Any path will do: none of its
// characters is taken for syntax.
func dsn(path string, a access, pragmas ...string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", denied(path, err)
	}
	parameters := a.parameters(absolute)
	parameters["_pragma"] = append(append(parameters["_pragma"], pragmas...), fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()))
	absolute = "/" + strings.TrimPrefix(filepath.ToSlash(absolute), "/")
	return (&url.URL{Scheme: "file", Path: absolute, RawQuery: parameters.Encode()}).String(), nil
}

// identify returns the version of an inbox that can be read here, 0 for an
// empty database; anything else is an error, and has not been touched.
func identify(ctx context.Context, db *sql.DB, path string) (version int, err error) {
	var application, tables int
	const query = `SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),
		(SELECT count(*) FROM sqlite_schema)`
	if err := db.QueryRowContext(ctx, query).Scan(&application, &version, &tables); err != nil {
		return 0, explain(path, err)
	}
	switch {
	case application == 0 && version == 0 && tables == 0:
		return 0, nil
	case application != applicationID:
		return 0, fmt.Errorf("inbox %s: %w: the database belongs to another program; name another file", path, ErrNotInbox)
	case version > schemaVersion:
		return 0, fmt.Errorf("inbox %s: %w (schema %d, this one knows %d); update labelhook or name another file",
			path, ErrNewer, version, schemaVersion)
	}
	return version, nil
}
