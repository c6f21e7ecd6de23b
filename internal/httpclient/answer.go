package httpclient

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Read returns the beginning of an answer's body, at most limit bytes, and
// closes it. The status has said what the target has to say, so the rest of a
// body is nothing to wait for: one that stalls, trickles, breaks off or never
// ends is left after the patience given, and its connection with it. A body of
// ordinary size is read to its end, so that the connection can be used again.
func Read(response *http.Response, limit int64, patience time.Duration) []byte {
	defer response.Body.Close()
	late := time.AfterFunc(patience, func() { response.Body.Close() }) // ends the Read that waits
	defer late.Stop()
	body, err := io.ReadAll(io.LimitReader(response.Body, limit))
	if err == nil {
		io.CopyN(io.Discard, response.Body, maxRest)
	}
	return body
}

// maxRest is how much of an answer is read on and thrown away: less work than
// another connection.
const maxRest = 1 << 20

// RetryAfter reads the header of that name: seconds, or a date, which is
// compared with the answer's own where it has one. It is 0 where there is none,
// and a day at most.
func RetryAfter(header http.Header) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	const most = 24 * 60 * 60 // seconds; keeps the product in range
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, most) * float64(time.Second))
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return min(max(until.Sub(now), 0), most*time.Second)
}
