//go:build unix

package resources

import "testing"

// TestFreeDescriptors checks that the descriptors that it opens are closed.
func TestFreeDescriptors(t *testing.T) {
	for range 1000 {
		if n := freeDescriptors(16); n != 16 {
			t.Fatalf("%d", n)
		}
	}
}
