// Package proof bounds the tests that can run for long, and records how many
// cases they try, so that the figures in docs/trust.md are generated rather
// than written by hand.
package proof

import (
	"os"
	"strconv"
	"testing"
)

// LongEnv is the environment variable that selects the bounds of docs/trust.md.
// If it is not set, tests try fewer cases, so that they finish quickly.
const LongEnv = "LONG_TESTS"

// Bound returns a bound of a test: long if [LongEnv] is set, otherwise usual.
func Bound(usual, long int) int {
	if os.Getenv(LongEnv) != "" {
		return long
	}
	return usual
}

// Prefix precedes the key in the name of the attribute that [Cases] sets.
const Prefix = "cases:"

// Cases records that t tried n cases for the row of docs/trust.md with key. The
// cases of tests with the same key are added up.
func Cases(t testing.TB, key string, n int) {
	t.Helper()
	t.Attr(Prefix+key, strconv.Itoa(n))
}
