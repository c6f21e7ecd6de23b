// Package inbox keeps accepted deliveries in one SQLite file: the exact body
// and the headers that a resend needs, with what they say in columns of their
// own.
//
// [Inbox] stores. It is a [core.Handler] whose Handle returns nil only after
// the commit is on disk, and it commits all deliveries that wait at the same
// time together, so that many senders share one sync of the disk. [Reader]
// lists and gets, also from another process while an Inbox writes.
//
// The file is an ordinary SQLite database in WAL mode; schema.go describes its
// one table. It holds customer data and is created readable by its owner only.
package inbox
