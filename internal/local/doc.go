// Package local runs a receiver on one machine: an HTTP server that answers at
// one path, keeps its connections bounded in time and size, stays on loopback
// unless told otherwise, and stops without dropping what it has begun.
package local
