// Package fuzz holds the fuzz targets. Each compares an implementation with a
// reference implementation, so that it finds wrong results as well as crashes.
// As tests they run their seeds. To fuzz one of them:
//
//	go test -fuzz=FuzzParser -fuzztime=1m ./fuzz
package fuzz
