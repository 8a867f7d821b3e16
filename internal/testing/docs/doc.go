// Package docs has tests that compare the pages in the directory docs with the
// program. They also draw the picture of a run, on Linux:
//
//	go test ./internal/testing/docs -run TestPicture -update
package docs
