package environment

import (
	"errors"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// known are the names of all variables: those that receivers read, those of the
// command's webhooks, and those of the scripts of this repository.
var known = []string{
	SecretVariable, PreviousVariable, FileVariable, IDVariable,
	DestinationsVariable, DeadLetterVariable, OverflowVariable, EventsVariable, MaxBodyVariable, LogLevelVariable,
	"LABELBOX_API_KEY", "LABELBOX_API_URL", "LABELHOOK_PAGE_TOKEN",
	SourcesVariable, "LABELHOOK_RETRY_SECONDS",
}

// CheckNames refuses a variable that labelhook does not know but that was probably
// meant for it, for it would be without effect: one that begins with LABELHOOK_,
// or is within two letters of a known name. environ is in the form of os.Environ.
// The error is a [*ConfigError] about the first in the order of the alphabet.
func CheckNames(environ []string) error {
	for _, variable := range slices.Sorted(slices.Values(environ)) {
		name, _, _ := strings.Cut(variable, "=")
		if isKnown(name) || isKubernetes(name) {
			continue
		}
		meant, distance := nearest(name)
		upper := strings.ToUpper(name)
		ours := strings.HasPrefix(upper, "LABELHOOK_") || strings.HasPrefix(upper, SecretVariable)
		if !ours && distance > 2 {
			continue
		}
		remedy := "did you mean " + meant + "? Else remove it"
		if distance > len(meant)/3 || distance > 1 && strings.HasPrefix(upper, SecretVariable+"_") {
			remedy = "did you mean one of " + strings.Join(known[:10], ", ") + "? Else remove it"
		}
		return &ConfigError{printableName(name), errors.New("no variable of labelhook is called so"), remedy}
	}
	return nil
}

// isKnown compares with case, except where the system does not.
func isKnown(name string) bool {
	return slices.ContainsFunc(known, func(k string) bool {
		return k == name || runtime.GOOS == "windows" && strings.EqualFold(k, name)
	})
}

// isKubernetes reports whether Kubernetes has put the variable there for a
// service that is called labelhook or labelhook-something.
func isKubernetes(name string) bool {
	_, port, found := strings.Cut(name, "_PORT")
	switch {
	case strings.HasSuffix(name, "_SERVICE_HOST"), found && port == "", strings.Contains(name, "_SERVICE_PORT_"):
		return true
	}
	number, protocol, found := strings.Cut(strings.TrimPrefix(port, "_"), "_")
	_, err := strconv.ParseUint(number, 10, 16)
	return found && err == nil && (strings.HasPrefix(protocol, "TCP") || strings.HasPrefix(protocol, "UDP") || strings.HasPrefix(protocol, "SCTP"))
}

// nearest returns the known name that takes the fewest changes of a letter to
// come to, without regard to case and to what separates words.
func nearest(name string) (meant string, distance int) {
	bare := letters(name)
	distance = len(bare) + 100
	for _, k := range known {
		if d := changes(bare, letters(k)); d < distance {
			meant, distance = k, d
		}
	}
	return meant, distance
}

func letters(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("_-. ", r) {
			return -1
		}
		return r
	}, strings.ToUpper(name))
}

// changes counts the letters to insert, leave out, replace or exchange with the
// next one to make b of a: the distance of Damerau and Levenshtein, in the form
// that changes no part twice.
func changes(a, b string) int {
	if len(a) > len(b)+8 || len(b) > len(a)+8 { // far apart in any case
		return 8
	}
	var before, row []int
	next := make([]int, len(b)+1)
	for j := range next {
		next[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, row, next = row, next, make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			replace := row[j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			next[j] = min(replace, row[j]+1, next[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
	}
	return next[len(b)]
}

// printableName quotes a name that looks like another: with what a terminal does
// not show, with a blank, or with a letter of another alphabet.
func printableName(name string) string {
	if quoted := strconv.QuoteToASCII(name); quoted != `"`+name+`"` || strings.Contains(name, " ") {
		return quoted
	}
	return name
}
