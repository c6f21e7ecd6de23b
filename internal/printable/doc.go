// Package printable makes what comes from outside fit to be shown: payloads,
// headers, remote answers, file names and arguments cannot command a terminal,
// hide or reorder what stands beside them, or tell the keys of a URL.
package printable
