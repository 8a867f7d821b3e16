// Command encodingcsv counts with encoding/csv and a map of maps.
package main

import (
	"bufio"
	"encoding/csv"
	"io"
	"log"
	"os"
	"slices"

	"fastcount/bench/peers/peer"
)

func main() { peer.Main(count) }

func count(path string, counts peer.Counts) {
	f, err := os.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(bufio.NewReaderSize(f, 256<<10))
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil {
		log.Fatal(err)
	}
	patient, event := slices.Index(header, "patient_id"), slices.Index(header, "event_type")
	for {
		record, err := r.Read()
		if err == io.EOF {
			return
		}
		if err != nil {
			log.Fatal(err)
		}
		counts.Add([]byte(record[patient]), []byte(record[event]))
	}
}
