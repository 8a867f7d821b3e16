// Command generate writes a CSV input of a given shape to standard output. The
// shapes are those of package fastcount/internal/testing/shapes.
//
//	go run ./bench/generate many-patients 10000000 >many-patients.csv
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"fastcount/internal/testing/shapes"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintf(os.Stderr, "usage: generate SHAPE ROWS >FILE\nThe shapes are %s.\n", strings.Join(shapes.Names(), ", "))
		os.Exit(2)
	}
	rows, err := strconv.ParseUint(os.Args[2], 10, 64)
	if err == nil {
		err = shapes.Write(os.Stdout, os.Args[1], rows)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}
