// Package tally is what the two Go peers share: a map of maps, workers that take a file each, and the printing.
package peer

import (
	"fmt"
	"os"
	"runtime"
	"sync"
)

// Counts are the rows by patient, then by event type.
type Counts map[string]map[string]*uint64

// Add counts a row. It allocates only where the pair is new.
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

// Main counts the files on the command line with as many workers as GOMAXPROCS says, and prints the sum as CSV.
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
