package main

import (
	"io"

	"github.com/fatih/color"
	"golang.org/x/term"
)

// This file is what a terminal can show: how wide it is, and in which colors.

// The values of --color.
const (
	colorAuto   = "auto"
	colorAlways = "always"
	colorNever  = "never"
)

// widthOf returns how many columns the terminal at w has, 0 if it is none.
func widthOf(w io.Writer) int {
	f, ok := w.(interface{ Fd() uintptr })
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// paints reports whether results are colored: on a terminal, unless the user wants
// it otherwise (https://no-color.org).
func (t *tool) paints() bool {
	switch t.color {
	case colorAlways:
		return true
	case colorNever:
		return false
	}
	return t.getenv("NO_COLOR") == "" && t.getenv("TERM") != "dumb" && isTerminal(t.out)
}

// outcomeColors are those of the words by which commands say what became of
// something.
var outcomeColors = map[string]color.Attribute{
	"accepted": color.FgGreen, "repeat": color.FgGreen, "ok": color.FgGreen,
	"pending": color.FgYellow, "ignored": color.FgYellow, "warning": color.FgYellow, "skipped": color.FgYellow,
	"failed": color.FgRed, "refused": color.FgRed, "rejected": color.FgRed, "dead_lettered": color.FgRed, "FAIL": color.FgRed,
}

// painted is a word in the color of the outcome that it says; another is as it was.
func painted(word string) string {
	attribute, known := outcomeColors[word]
	if !known {
		return word
	}
	c := color.New(attribute)
	c.EnableColor()
	return c.Sprint(word)
}
