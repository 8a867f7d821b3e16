// Package proof counts what the tests try, so that the page that says why the numbers can be trusted tells figures
// that were counted and not typed. Only tests import it.
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

// Folder is the environment variable that names the folder for records. Without it nothing is recorded.
const Folder = "PROOFS"

// Record is what one proof has tried.
type Record struct {
	Key     string  `json:"key"`   // which row of the table
	Test    string  `json:"test"`  // the test that tried it
	Cases   int64   `json:"cases"` // how many
	Seconds float64 `json:"seconds"`
}

// Counter counts the cases of one proof. It is safe for concurrent use.
type Counter struct{ n atomic.Int64 }

// Add notes n more cases.
func (c *Counter) Add(n int) { c.n.Add(int64(n)) }

// Begin returns a counter whose cases are recorded under key when the test is over, if it did not fail. Several tests
// may have one key; their cases are added up.
func Begin(t testing.TB, key string) *Counter {
	t.Helper()
	c, begin, folder := new(Counter), time.Now(), os.Getenv(Folder)
	if folder == "" {
		return c
	}
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		r := Record{key, t.Name(), c.n.Load(), time.Since(begin).Seconds()}
		text, err := json.Marshal(r)
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, fileName(r)), text, 0o666)
		}
		if err != nil {
			t.Errorf("the record of %s: %v", key, err)
		}
	})
	return c
}

func fileName(r Record) string {
	return strings.NewReplacer("/", "-", " ", "-").Replace(r.Key+"-"+r.Test) + ".json"
}
