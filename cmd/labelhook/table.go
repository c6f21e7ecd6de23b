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

func newTable(out io.Writer) *table { return &table{out: bufio.NewWriterSize(out, 64<<10)} }

// row takes a row, which it keeps. All rows have as many cells.
func (t *table) row(cells ...string) error {
	t.widths = append(t.widths, make([]int, len(cells)-len(t.widths))...)
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

// flush prints what is left.
func (t *table) flush() error {
	if err := t.begin(); err != nil {
		return err
	}
	return t.out.Flush()
}
