package jsonscan

import (
	"bytes"
	"math"
	"strconv"
)

// Number reads a finite number, or a string that holds one; anything else is 0.
func (s *Scanner) Number() float64 {
	n, _ := s.Real()
	return n
}

// Real reads a finite number, or a string that holds one.
func (s *Scanner) Real() (float64, bool) {
	var numeral []byte
	switch k := s.Kind(); {
	case k == '"':
		numeral = bytes.TrimSpace(s.Quoted())
	case k == '-' || '0' <= k && k <= '9':
		from := s.Here()
		s.numeral()
		numeral = s.Since(from)
	default:
		s.Skip()
		return 0, false
	}
	return ParseReal(numeral)
}

// Integer reads a whole number, or a string that holds one.
func (s *Scanner) Integer() (int, bool) { return ExactInt(s.Real()) }

func ParseReal(numeral []byte) (float64, bool) {
	if n, ok := shortInteger(numeral); ok {
		return float64(n), true
	}
	if len(numeral) == 0 || numeral[0] != '-' && numeral[0] != '+' && numeral[0] != '.' && (numeral[0] < '0' || numeral[0] > '9') {
		return 0, false // without the cost of an error
	}
	n, err := strconv.ParseFloat(string(numeral), 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, false
	}
	return n, true
}

// shortInteger reads what most numbers are, a few digits, many times as fast as
// strconv does.
func shortInteger(numeral []byte) (n int, ok bool) {
	for _, c := range numeral {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, 0 < len(numeral) && len(numeral) < 10
}

// ExactInt converts n unless that would change it. Beyond 2^53 a float64 no longer
// tells neighbors apart.
func ExactInt(n float64, ok bool) (int, bool) {
	if !ok || n != math.Trunc(n) || math.Abs(n) > 1<<53 {
		return 0, false
	}
	return int(n), true
}

// numeral passes over a number: -? (0|[1-9][0-9]*) (.[0-9]+)? ([eE][+-]?[0-9]+)?
func (s *Scanner) numeral() {
	if s.Kind() == '-' {
		s.i++
	}
	if s.Kind() == '0' {
		s.i++
	} else if !s.digits() {
		return
	}
	if s.Kind() == '.' {
		if s.i++; !s.digits() {
			return
		}
	}
	if s.Kind()|0x20 == 'e' {
		s.i++
		if sign := s.Kind(); sign == '+' || sign == '-' {
			s.i++
		}
		if !s.digits() {
			return
		}
	}
	s.pass(s.i)
}

func (s *Scanner) digits() bool {
	from := s.i
	for s.i < len(s.b) && '0' <= s.b[s.i] && s.b[s.i] <= '9' {
		s.i++
	}
	if s.i == from {
		s.Fail()
		return false
	}
	return true
}
