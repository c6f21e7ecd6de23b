//go:build !race

package core_test

import (
	"testing"

	"github.com/labelhook/labelhook/core"
)

// The race detector empties pools at random, so this test is not for it; "make
// test" runs it apart.
func TestVerifyAllocatesNothing(t *testing.T) {
	body := bodies()["2.4KB"]
	secrets := []core.Secret{mustSecret(t, "a"), mustSecret(t, "b")}
	signature := core.Sign(body, secrets[1])
	if n := testing.AllocsPerRun(100, func() {
		if err := core.Verify(body, signature, secrets); err != nil {
			t.Fatal(err)
		}
	}); n >= 1 { // the pool may be emptied by a collection in between
		t.Errorf("%v allocations a call", n)
	}
}
