package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// table collects what was measured, budget by budget.
type table struct{ rows []row }

type row struct{ what, measured, budget, verdict, detail string }

func (t *table) atMost(what string, measured, budget float64, detail string) {
	t.add(what, measured, "at most", budget, measured <= budget, detail)
}

func (t *table) atLeast(what string, measured, budget float64, detail string) {
	t.add(what, measured, "at least", budget, measured >= budget, detail)
}

func (t *table) add(what string, measured float64, word string, budget float64, ok bool, detail string) {
	verdict := "ok"
	if !ok {
		verdict = broken
	}
	t.rows = append(t.rows, row{what, fmt.Sprintf("%.2f", measured), fmt.Sprintf("%s %.4g", word, budget), verdict, detail})
}

// note is for what has no budget, because it says more about the machine.
func (t *table) note(what string, measured float64, detail string) {
	t.rows = append(t.rows, row{what, fmt.Sprintf("%.2f", measured), "-", "noted", detail})
}

// skip notes what was not measured, and why.
func (t *table) skip(what, why string) {
	t.rows = append(t.rows, row{what, "-", "-", "skipped", why})
}

const broken = "BROKEN"

// broken counts the budgets that do not hold.
func (t *table) broken() (n int) {
	for _, r := range t.rows {
		if r.verdict == broken {
			n++
		}
	}
	return n
}

func (t *table) print(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "what\tmeasured\tbudget\tverdict\tmedians")
	for _, r := range t.rows {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\n", r.what, r.measured, r.budget, r.verdict, r.detail)
	}
	return tw.Flush()
}
