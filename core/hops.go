package core

import (
	"errors"
	"fmt"
	"strconv"
)

// HopHeader counts the labelhook receivers that a delivery has come through.
// Who posts one on sends [Delivery.Hops] plus one. It is not signed, so it can
// only make a receiver refuse.
const HopHeader = "Labelhook-Hop"

// maxHops is how many receivers a delivery may have come through. One that came
// through more goes round in circles, and is refused with [errLoop].
const maxHops = 4

// errLoop is answered 508: receivers pass a delivery on to each other, or one
// to itself.
var errLoop = errors.New("the delivery goes round in circles: a receiver passes it on to itself, or to one that sends it back")

// hopsOf reads the count, 0 if there is no such header. A value that is not a count of at most
// [maxHops] is an [errLoop], also where it cannot be read: no receiver wrote it.
// Of several the highest counts.
func hopsOf(header Header) (hops int, err error) {
	for _, value := range header.Values(HopHeader) {
		n, err := strconv.ParseUint(value, 10, 8)
		if err != nil || n > maxHops {
			return 0, fmt.Errorf("%w (%s is over %d, or not a number)", errLoop, HopHeader, maxHops)
		}
		hops = max(hops, int(n))
	}
	return hops, nil
}
