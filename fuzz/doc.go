// Package fuzz holds the fuzz targets. Each compares a fast form with its slow twin, so that what it looks for is
// a wrong answer and not only a crash. As tests they run over their seeds; to fuzz one of them:
//
//	go test -fuzz=FuzzParser -fuzztime=1m ./fuzz
package fuzz
