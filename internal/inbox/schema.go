package inbox

// What marks a file as an inbox, in the header of the SQLite file.
const (
	applicationID = 0x4c42484b // "LBHK"
	schemaVersion = 1          // PRAGMA user_version; raise it with every change of schema
)

// schema is version 1. Times are microseconds since 1970, UTC; event_time is 0
// where the payload has none.
//
// No index may be in an order that arrival does not follow, or else each
// insert dirties a page of its own, which halves the throughput:
//
//   - once makes [core.Delivery.Key] unique. The key alone is random; the
//     payload's time, which is close to the time of arrival and always the same
//     for the same key, leads it to a page that is being written anyway.
//   - filters holds every column that a query selects by, in order of arrival,
//     so that a query reads this narrow index and then only the rows it wants.
const schema = `
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
	status        TEXT    NOT NULL, -- accepted, failed
	size          INTEGER NOT NULL, -- of body, in bytes
	origin        TEXT    NOT NULL, -- '' for a webhook
	signature     TEXT    NOT NULL, -- X-Hub-Signature as it came
	event_name    TEXT    NOT NULL, -- X-Labelbox-Event as it came
	content_type  TEXT    NOT NULL,
	body          BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS once ON deliveries (event_time, key);
CREATE INDEX IF NOT EXISTS filters ON deliveries (seq, received, delivery_id, key, event, project_id);
`

const insertDelivery = `
INSERT INTO deliveries (key, delivery_id, event, version, project_id, subject, data_row_id, event_time,
	received, last_received, repeats, status, size, origin, signature, event_name, content_type, body)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, 0, 'accepted', ?10, ?11, ?12, ?13, ?14, ifnull(?15, x''))
ON CONFLICT (event_time, key) DO UPDATE SET repeats = repeats + 1, last_received = max(last_received, excluded.received),
	status = 'accepted'`

// updateStatus looks from the newest row backwards: a status is nearly always
// that of a delivery that has just arrived.
const updateStatus = `
UPDATE deliveries SET status = ?1 WHERE seq =
	(SELECT seq FROM deliveries INDEXED BY filters WHERE key = ?2 ORDER BY seq DESC LIMIT 1)`

const selectRow = `
SELECT seq, key, delivery_id, event, version, project_id, subject, data_row_id, event_time, received,
	last_received, repeats, status, size, origin, signature, event_name, content_type, body
FROM deliveries WHERE seq = ?`
