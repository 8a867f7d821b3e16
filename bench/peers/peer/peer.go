// Package peer is shared by the programs in Go that fastcount is compared with.
// They count with a map of maps, and with workers that each take a file at a
// time.
package peer

import (
	"fmt"
	"os"
	"runtime"
	"sync"
)

// Counts holds numbers of rows by patient and event type.
type Counts map[string]map[string]*uint64

// Add counts a row. It allocates only for a new pair.
func (c Counts) Add(patient, event []byte) {
	events := c[string(patient)]
	if events == nil {
		events = make(map[string]*uint64)
		c[string(patient)] = events
	}
	n := events[string(event)]
	if n == nil {
		n = new(uint64)
		events[string(event)] = n
	}
	*n++
}

// Main counts the files named on the command line with GOMAXPROCS workers, and
// prints the counts as CSV.
func Main(count func(path string, counts Counts)) {
	paths := make(chan string)
	sum := Counts{}
	var lock sync.Mutex
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			counts := Counts{}
			for path := range paths {
				count(path, counts)
			}
			lock.Lock()
			defer lock.Unlock()
			sum.merge(counts)
		})
	}
	for _, path := range os.Args[1:] {
		paths <- path
	}
	close(paths)
	workers.Wait()
	for patient, events := range sum {
		for event, n := range events {
			fmt.Printf("%s,%s,%d\n", patient, event, *n)
		}
	}
}

func (c Counts) merge(other Counts) {
	for patient, events := range other {
		for event, n := range events {
			c.Add([]byte(patient), []byte(event))
			*c[patient][event] += *n - 1
		}
	}
}
