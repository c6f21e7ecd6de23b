package inbox

import "fmt"

// What marks a file as an inbox, in the header of the SQLite file.
const (
	applicationID = 0x4c42484b // "LBHK"
	schemaVersion = 2          // PRAGMA user_version; raise it with every change of schema
)

// headersColumn is what version 1 has not: the other headers of
// [core.Delivery.Header], each as "name: value" in a line of its own.
const headersColumn = `headers TEXT NOT NULL DEFAULT ''`

// table is that of a new inbox. Times are microseconds since 1970,
// UTC; event_time is 0 where the payload has none.
const table = `
CREATE TABLE IF NOT EXISTS deliveries (
	seq           INTEGER PRIMARY KEY, -- order of arrival
	key           TEXT    NOT NULL,
	delivery_id   TEXT    NOT NULL,
	event         TEXT    NOT NULL,
	version       TEXT    NOT NULL,
	project_id    TEXT    NOT NULL,
	subject       TEXT    NOT NULL,
	data_row_id   TEXT    NOT NULL,
	event_time    INTEGER NOT NULL,
	received      INTEGER NOT NULL, -- the first arrival
	last_received INTEGER NOT NULL, -- the last one
	repeats       INTEGER NOT NULL, -- arrivals after the first
	status        TEXT    NOT NULL, -- accepted, pending, failed
	size          INTEGER NOT NULL, -- of body, in bytes
	origin        TEXT    NOT NULL, -- '' for a webhook
	signature     TEXT    NOT NULL, -- X-Hub-Signature as it came
	event_name    TEXT    NOT NULL, -- X-Labelbox-Event as it came
	content_type  TEXT    NOT NULL,
` + headersColumn + `,
	body          BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS once ON deliveries (event_time, key);
`

// indexes makes of the table an inbox of version 2. It is also the step from
// version 1, which had the index filters in place of listing.
//
// No index may be in an order that arrival does not follow, or else each
// insert dirties a page of its own, which halves the throughput:
//
//   - once makes [core.Delivery.Key] unique. The key alone is random; the
//     payload's time, which is close to the time of arrival and always the same
//     for the same key, leads it to a page that is being written anyway.
//   - listing holds all that a list shows or selects by, in order of arrival,
//     so that no list reads a body.
//   - unsettled holds the few rows that are not accepted.
//   - names leads from a key or a delivery id to its row. Its order is random,
//     so rows are added in bulk, see [writer.tidy]: those above named.upto are
//     not in it yet and are looked for in listing. The ids of repeats are in it
//     from the start, for they stand nowhere else.
const indexes = `
DROP INDEX IF EXISTS filters;
CREATE INDEX IF NOT EXISTS listing ON deliveries (seq, received, last_received, repeats, status, size, event_time, event, version,
	project_id, subject, data_row_id, delivery_id, key, origin);
CREATE INDEX IF NOT EXISTS unsettled ON deliveries (seq) WHERE status <> 'accepted';
CREATE TABLE IF NOT EXISTS names (name TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (name, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS named (upto INTEGER NOT NULL) STRICT;
INSERT INTO named SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM named);
`

const insertDelivery = `
INSERT INTO deliveries (key, delivery_id, event, version, project_id, subject, data_row_id, event_time,
	received, last_received, repeats, status, size, origin, signature, event_name, content_type, headers, body)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, 0, ?16, ?10, ?11, ?12, ?13, ?14, ?17, ifnull(?15, x''))
ON CONFLICT (event_time, key) DO UPDATE SET repeats = repeats + 1, last_received = max(last_received, excluded.received),
	status = excluded.status`

// insertName has a delivery found by the id of a repeat, too. Of one that is repeated
// without end only the first hundred ids lead to it.
const insertName = `
INSERT OR IGNORE INTO names SELECT ?3, seq FROM deliveries WHERE event_time = ?1 AND key = ?2 AND delivery_id <> ?3 AND repeats <= 100`

// insertSalvaged takes a row as it was. What is there already stays.
const insertSalvaged = `
INSERT OR IGNORE INTO deliveries (seq, key, delivery_id, event, version, project_id, subject, data_row_id, event_time,
	received, last_received, repeats, status, size, origin, signature, event_name, content_type, headers, body)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ifnull(?20, x''))`

const updateStatus = `UPDATE deliveries SET status = ?1 WHERE event_time = ?2 AND key = ?3`

// headColumns are what listing holds, in the order that [scanHead] reads.
const headColumns = `seq, key, delivery_id, event, version, project_id, subject, data_row_id, event_time, received,
	last_received, repeats, status, size, origin`

// The second reads an inbox of version 1.
const (
	selectRow = `SELECT ` + headColumns + `, signature, event_name, content_type, headers, body FROM deliveries WHERE seq = ?`
	selectOld = `SELECT ` + headColumns + `, signature, event_name, content_type, '', body FROM deliveries WHERE seq = ?`
)

// headersMissing says whether there is a table without the column of headers.
const headersMissing = `SELECT count(*) > 0 AND sum(name = 'headers') = 0 FROM pragma_table_info('deliveries')`

const addHeaders = `ALTER TABLE deliveries ADD COLUMN ` + headersColumn

// found makes an inbox of an empty database or of an older inbox with headers,
// within a transaction. It always writes, so that a file that cannot be written
// is known before a delivery comes.
var found = fmt.Sprintf("%s %s PRAGMA application_id = %d; PRAGMA user_version = %d;", table, indexes, applicationID, schemaVersion)

// addNames adds the next names to their index, in its order.
var addNames = fmt.Sprintf(`
BEGIN IMMEDIATE;
INSERT OR IGNORE INTO names SELECT key, seq FROM (SELECT key, seq FROM deliveries INDEXED BY listing
	WHERE seq > (SELECT upto FROM named) AND seq <= (SELECT upto FROM named) + %[1]d
	UNION ALL SELECT delivery_id, seq FROM deliveries INDEXED BY listing
	WHERE seq > (SELECT upto FROM named) AND seq <= (SELECT upto FROM named) + %[1]d AND delivery_id <> '')
	ORDER BY 1, 2;
UPDATE named SET upto = min(upto + %[1]d, (SELECT max(seq) FROM deliveries));
COMMIT;`, namesAtOnce)
