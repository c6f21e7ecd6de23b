package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"text/tabwriter"
)

func TestTableAlignsAsTabwriterDoes(t *testing.T) {
	rows := [][]string{{"ID", "NAME", "BYTES"}, {"1", "Grüße", "7"}, {"22", "標注", "1234567"}, {"333", "-", "0"}}
	var got, want bytes.Buffer
	lines, reference := newTable(&got, columnsOf(rows[0]...)...), tabwriter.NewWriter(&want, 0, 0, 2, ' ', 0)
	for i, cells := range rows {
		if i > 0 {
			lines.row(cells...)
		}
		fmt.Fprintln(reference, strings.Join(cells, "\t"))
	}
	reference.Flush()
	if err := lines.flush(); err != nil || got.String() != want.String() {
		t.Errorf("%v, got\n%swant\n%s", err, &got, &want)
	}
}

// A list of any length is printed while it is read.
func TestTableHoldsAFewRowsOnly(t *testing.T) {
	var out bytes.Buffer
	lines := newTable(&out, columnsOf("00000000", "name", "end")...)
	const n = 20 * sampledRows
	for i := 1; i < n; i++ {
		name := "name"
		if i == n/2 {
			name = "a longer name"
		}
		if err := lines.row(fmt.Sprintf("%08d", i), name, "end"); err != nil {
			t.Fatal(err)
		}
		if printed := bytes.Count(out.Bytes(), []byte("\n")); i-printed > 10*sampledRows {
			t.Fatalf("after %d rows %d are printed", i, printed)
		}
	}
	if err := lines.flush(); err != nil {
		t.Fatal(err)
	}
	all := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(all) != n {
		t.Fatalf("%d lines for %d rows", len(all), n)
	}
	for i, want := range map[int]string{0: "name  end", 1: "name  end", n/2 - 1: "name  end", n / 2: "a longer name  end", n - 1: "name           end"} {
		if want = fmt.Sprintf("%08d  %s", i, want); all[i] != want {
			t.Errorf("line %d is %q, want %q", i, all[i], want)
		}
	}
}

func TestTableEndsWhereNobodyReads(t *testing.T) {
	r, w := io.Pipe()
	r.CloseWithError(errors.New("gone"))
	lines := newTable(w, columnsOf("I", "TEXT")...)
	for i := range 100 * sampledRows {
		if err := lines.row(fmt.Sprint(i), strings.Repeat("x", 80)); err != nil {
			return
		}
	}
	t.Error("it went on")
}

// Where there is a width no row is wider, whatever is in it.
func TestTableFitsTheWidth(t *testing.T) {
	columns := []column{{head: "KEY"}, {head: "WHEN"}, {head: "NAME", spare: 1}, {head: "ID", spare: 2, id: true}}
	rows := [][]string{{"12345678", "2026-11-23 17:48:01", "label.created", "clvo7ajpc014907zxagiw9hry"}, {"87654321", "2026-11-23 17:48:02", strings.Repeat("標", 40), "-"}}
	for width, want := range map[int]string{
		200: "KEY       WHEN                 NAME",
		40:  "KEY       WHEN\n12345678  2026-11-23 17:48:01\n",
		12:  "KEY       WH\n12345678  20\n",
		1:   "K\n1\n8\n",
	} {
		var out bytes.Buffer
		lines := newTable(&out, columns...)
		lines.width = width
		for _, row := range rows {
			lines.row(row...)
		}
		for range sampledRows {
			lines.row(rows[1]...)
		}
		lines.row(strings.Repeat("w", 100), strings.Repeat("w", 100), strings.Repeat("w", 100), strings.Repeat("w", 100)) // after the widths are known
		if err := lines.flush(); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > width {
				t.Errorf("%d columns in %d: %s", n, width, line)
			}
		}
		if !strings.HasPrefix(out.String(), want) {
			t.Errorf("at %d it begins\n%.120s", width, &out)
		}
	}
	if got := cut("clvo7ajpc014907zxagiw9hry", 13, true); got != "clvo7a…iw9hry" {
		t.Error(got)
	}
}
