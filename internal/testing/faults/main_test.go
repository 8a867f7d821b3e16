package faults

import (
	"os"
	"runtime/debug"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// TestMain removes the proxies of the environment, which are not those of the
// tests.
func TestMain(m *testing.M) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"} {
		os.Unsetenv(name)
		os.Unsetenv(strings.ToLower(name))
	}
	debug.SetGCPercent(400) // a schedule leaves much garbage and keeps next to nothing: a third of the time is saved
	goleak.VerifyTestMain(m)
}
