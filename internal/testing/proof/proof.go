// Package proof records the number of cases that tests try, so that the figures
// in docs/trust.md are generated rather than written by hand.
package proof

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// DirEnv is the environment variable that names the directory for records. If
// it is not set, nothing is recorded.
const DirEnv = "PROOFS"

// Record is the result of one test.
type Record struct {
	Key     string  `json:"key"`   // row of the table
	Test    string  `json:"test"`  // name of the test
	Cases   int64   `json:"cases"` // number of cases
	Seconds float64 `json:"seconds"`
}

// Counter counts the cases of one test. It is safe for concurrent use.
type Counter struct{ n atomic.Int64 }

// Add adds n cases.
func (c *Counter) Add(n int) { c.n.Add(int64(n)) }

// Begin returns a counter whose cases are recorded under key when the test
// ends, unless it fails. Tests may share a key; their cases are added up.
func Begin(t testing.TB, key string) *Counter {
	t.Helper()
	c, begin, dir := new(Counter), time.Now(), os.Getenv(DirEnv)
	if dir == "" {
		return c
	}
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		r := Record{key, t.Name(), c.n.Load(), time.Since(begin).Seconds()}
		text, err := json.Marshal(r)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, fileName(r)), text, 0o666)
		}
		if err != nil {
			t.Errorf("record of %s: %v", key, err)
		}
	})
	return c
}

func fileName(r Record) string {
	return strings.NewReplacer("/", "-", " ", "-").Replace(r.Key+"-"+r.Test) + ".json"
}
