// Command goloop is a simple loop: large reads, bytes.IndexByte, and a map of
// maps. It does not support quotes, assumes that the names are in the first and
// the third column, and verifies nothing.
package main

import (
	"bytes"
	"io"
	"log"
	"os"

	"fastcount/bench/peers/peer"
)

func main() { peer.Main(count) }

func count(path string, counts peer.Counts) {
	f, err := os.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	buf, kept, header := make([]byte, 256<<10), 0, true
	for {
		n, err := f.Read(buf[kept:])
		data := buf[:kept+n]
		for {
			end := bytes.IndexByte(data, '\n')
			if end < 0 {
				break
			}
			if line := data[:end]; header {
				header = false
			} else {
				a := bytes.IndexByte(line, ',')
				b := a + 1 + bytes.IndexByte(line[a+1:], ',')
				c := b + 1 + bytes.IndexByte(line[b+1:], ',')
				counts.Add(line[:a], line[b+1:c])
			}
			data = data[end+1:]
		}
		kept = copy(buf, data)
		if err == io.EOF {
			return
		}
		if err != nil {
			log.Fatal(err)
		}
	}
}
