package printable

import "io"

// Writer passes on what is written to it as [Lines] shows it. A character must
// not be spread over two Writes.
type Writer struct{ To io.Writer }

// Write implements [io.Writer].
func (w Writer) Write(p []byte) (int, error) { return writeShown(w.To, []byte(Lines(string(p))), p) }

// Fd is that of the file below, or none.
func (w Writer) Fd() uintptr {
	if f, ok := w.To.(interface{ Fd() uintptr }); ok {
		return f.Fd()
	}
	return ^uintptr(0)
}

// JSONWriter passes on what is written to it as [JSON] shows it. A character
// must not be spread over two Writes.
type JSONWriter struct{ To io.Writer }

// Write implements [io.Writer].
func (w JSONWriter) Write(p []byte) (int, error) { return writeShown(w.To, JSON(p), p) }

// writeShown writes shown in one Write and counts what it stands for.
func writeShown(to io.Writer, shown, p []byte) (int, error) {
	if _, err := to.Write(shown); err != nil {
		return 0, err
	}
	return len(p), nil
}
