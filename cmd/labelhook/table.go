package main

import (
	"bufio"
	"io"
	"strings"
	"unicode/utf8"
)

// sampledRows is how many rows of a table decide how wide its columns are.
const sampledRows = 512

// column is one of a table.
type column struct {
	head string

	// spare says in which order columns are left out where they do not fit: those
	// with the highest number first, and those with 0 never.
	spare int
	id    bool // it may be cut in its midst
}

// columnsOf are columns without any that can be spared.
func columnsOf(heads ...string) (columns []column) {
	for _, head := range heads {
		columns = append(columns, column{head: head})
	}
	return columns
}

// table prints rows in columns and holds only the first of them, so that a list
// of any length is printed as it is read. A later cell that is wider than all
// before it widens its column from there on.
//
// Where there is a width no row is wider: the columns that can be spared are left
// out, ids are cut in their midst, and then whatever is too wide is cut.
type table struct {
	out     *bufio.Writer
	columns []column
	width   int                      // 0: any
	paint   func(word string) string // nil: no colors
	widths  []int                    // of the columns; -1 if it is left out
	held    [][]string
	begun   bool // the held rows are printed
}

// newTable begins a table with its head.
func newTable(out io.Writer, columns ...column) *table {
	t := &table{out: bufio.NewWriterSize(out, 64<<10), columns: columns, widths: make([]int, len(columns))}
	var heads []string
	for _, c := range columns {
		heads = append(heads, c.head)
	}
	t.row(heads...)
	return t
}

// table begins a table on the tool's output, as wide and in the colors that it has.
func (t *tool) table(columns ...column) *table {
	lines := newTable(t.out, columns...)
	lines.width = widthOf(t.out)
	if t.paints() {
		lines.paint = painted
	}
	return lines
}

// row takes a row, which it keeps, of as many cells as the head has.
func (t *table) row(cells ...string) error {
	for i, cell := range cells {
		if !t.begun || t.width == 0 {
			t.widths[i] = max(t.widths[i], utf8.RuneCountInString(cell))
		}
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
	if t.width > 0 {
		t.fit()
	}
	for _, cells := range held {
		if err := t.print(cells); err != nil {
			return err
		}
	}
	return nil
}

// shortID is how wide a column of ids is at least, unless its cells are shorter.
const shortID = 13

// gap is between two columns.
const gap = 2

// fit makes the columns as wide as there is room.
func (t *table) fit() {
	least := func(i int) int {
		if t.columns[i].id {
			return min(t.widths[i], shortID)
		}
		return t.widths[i]
	}
	room := func() int {
		left := t.width + gap
		for i, width := range t.widths {
			if width >= 0 {
				left -= least(i) + gap
			}
		}
		return left
	}
	for room() < 0 {
		spare := -1
		for i, c := range t.columns {
			if t.widths[i] >= 0 && c.spare > 0 && (spare < 0 || c.spare > t.columns[spare].spare) {
				spare = i
			}
		}
		if spare < 0 {
			break
		}
		t.widths[spare] = -1
	}
	left := max(room(), 0)
	for i, c := range t.columns {
		if c.id && t.widths[i] >= 0 {
			more := min(t.widths[i]-least(i), left)
			t.widths[i] = least(i) + more
			left -= more
		}
	}
	if room() < 0 { // nothing more can be spared
		all := t.width
		for i, width := range t.widths {
			if width >= 0 {
				t.widths[i] = max(min(width, all), 0)
				all -= width + gap
			}
		}
	}
}

func (t *table) print(cells []string) error {
	behind := 0 // blanks that are owed
	for i, cell := range cells {
		if t.widths[i] < 0 || t.width > 0 && t.widths[i] == 0 {
			continue
		}
		t.out.WriteString(strings.Repeat(" ", behind))
		if t.width > 0 {
			cell = cut(cell, t.widths[i], t.columns[i].id)
		}
		behind = t.widths[i] - utf8.RuneCountInString(cell) + gap
		if t.paint != nil {
			cell = t.paint(cell)
		}
		t.out.WriteString(cell)
	}
	return t.out.WriteByte('\n') // the first error stays
}

// cut is a text of so many letters at most. An id keeps its beginning and its end.
func cut(text string, most int, id bool) string {
	letters := []rune(text)
	switch {
	case len(letters) <= most:
		return text
	case most < 3:
		return string(letters[:most])
	case id:
		head := most / 2
		return string(letters[:head]) + "…" + string(letters[len(letters)-(most-head-1):])
	}
	return string(letters[:most-1]) + "…"
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
