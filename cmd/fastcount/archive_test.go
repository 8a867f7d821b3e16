package main

import (
	"archive/zip"
	"errors"
	"io"
	"os"

	"github.com/rogpeppe/go-internal/testscript"
)

// makeZip is the script command "zip ARCHIVE FILE...". The members have the
// names of the files as they are given.
func makeZip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: zip ARCHIVE FILE...")
	}
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	z := zip.NewWriter(f)
	for _, name := range args[1:] {
		w, err := z.Create(name)
		ts.Check(err)
		_, err = io.WriteString(w, ts.ReadFile(name))
		ts.Check(err)
	}
	ts.Check(errors.Join(z.Close(), f.Close()))
}
