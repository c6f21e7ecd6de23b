package main

import (
	"bufio"
	"io"
	"strings"
	"unicode/utf8"
)

// sampledRows is how many rows of a table decide how wide its columns are.
const sampledRows = 512

// table prints rows in columns and holds only the first of them, so that a list
// of any length is printed as it is read. A later cell that is wider than all
// before it widens its column from there on.
type table struct {
	out    *bufio.Writer
	widths []int
	held   [][]string
	begun  bool // the held rows are printed
}

// newTable begins a table with its head.
func newTable(out io.Writer, head ...string) *table {
	t := &table{out: bufio.NewWriterSize(out, 64<<10), widths: make([]int, len(head))}
	t.row(head...)
	return t
}

// row takes a row, which it keeps, of as many cells as the head has.
func (t *table) row(cells ...string) error {
	for i, cell := range cells {
		t.widths[i] = max(t.widths[i], utf8.RuneCountInString(cell))
	}
	if t.begun {
		return t.print(cells)
	}
	if t.held = append(t.held, cells); len(t.held) < sampledRows {
		return nil
	}
	return t.begin()
}

// begin prints the rows that were held.
func (t *table) begin() error {
	held := t.held
	t.held, t.begun = nil, true
	for _, cells := range held {
		if err := t.print(cells); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) print(cells []string) error {
	for i, cell := range cells {
		t.out.WriteString(cell)
		if i < len(cells)-1 {
			t.out.WriteString(strings.Repeat(" ", t.widths[i]-utf8.RuneCountInString(cell)+2))
		}
	}
	return t.out.WriteByte('\n') // the first error stays
}

// flush prints what is left, but no head without a row.
func (t *table) flush() error {
	if !t.begun && len(t.held) == 1 {
		return nil
	}
	if err := t.begin(); err != nil {
		return err
	}
	return t.out.Flush()
}
