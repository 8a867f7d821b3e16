//go:build unix

package resources

import "testing"

// TestFreeDescriptors: what is opened to count is closed again.
func TestFreeDescriptors(t *testing.T) {
	for range 1000 {
		if n := freeDescriptors(16); n != 16 {
			t.Fatalf("%d", n)
		}
	}
}
