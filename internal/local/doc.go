// Package local opens the listener of a receiver on a developer's machine, which
// only that machine can reach, and knows which URLs lead back to it.
package local
