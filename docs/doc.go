// Package docs holds documents and no code. Its tests run what the documents show, and draw the picture of a run:
//
//	go test ./docs
//	go test ./docs -run TestPicture -update    # draws run.svg anew; needs Linux
package docs
