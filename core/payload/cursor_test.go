package payload

import (
	"testing"
	"time"
)

func TestMoments(t *testing.T) {
	want := time.Date(2024, 5, 6, 17, 18, 48, 0, time.UTC)
	for text, want := range map[string]time.Time{
		`"2024-05-06T17:18:48Z"`:          want,
		`"2024-05-06T17:18:48.797Z"`:      want.Add(797 * time.Millisecond),
		`"2024-05-06T17:18:48.82Z"`:       want.Add(820 * time.Millisecond),
		`"2024-05-06T17:18:48+00:00"`:     want,
		`"2024-05-06T17:18:48.000+00:00"`: want,
		`"2024-05-06T19:18:48+02:00"`:     want,
		`"2024-05-06T17:18:48+0000"`:      want,
		`"2024-05-06T17:18:48"`:           want,
		`"2024-05-06 17:18:48"`:           want,
		`"2024-05-06"`:                    time.Date(2024, 5, 6, 0, 0, 0, 0, time.UTC),
		`"9999-12-31T23:59:59.999999Z"`:   time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
		`"9999-12-31T23:59:59-00:01"`:     {}, // in 10000
		`"9999-12-31T23:59:59-0100"`:      {},
		`"0001-01-02T00:00:00Z"`:          time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC),
		`"0001-01-01T00:00:00+00:01"`:     {}, // in the year 0
		`"0000-06-15T00:00:00Z"`:          {},
		`"0000-06-15"`:                    {},
		`"-001-06-15T00:00:00Z"`:          {},
		`"10000-01-01T00:00:00Z"`:         {},
		`"2024-05-06T17:18:60Z"`:          {}, // a leap second
		`"yesterday"`:                     {},
		`""`:                              {},
		`null`:                            {},
		`1715015928`:                      {},
		`{"a":1}`:                         {},
	} {
		c := newCursor([]byte(text))
		if got := c.moment(); !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
		if c.end() != nil {
			t.Errorf("%s: not passed over", text)
		}
	}
}

func TestCounts(t *testing.T) {
	for text, want := range map[string]float64{
		`7`: 7, `"7"`: 7, `null`: 0, `{"Int32":7,"Valid":true}`: 7, `{"Int64":7}`: 7, `{"Int32":7,"Valid":false}`: 0, `[7]`: 0,
	} {
		c := newCursor([]byte(text))
		if got := c.count(); got != want || c.end() != nil {
			t.Errorf("%s is %v, want %v", text, got, want)
		}
	}
}
