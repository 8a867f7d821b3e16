package progress

import (
	"io"
	"testing"

	"fastcount/internal/console"
	"fastcount/internal/testing/terminal"
)

// TestSize checks that a terminal whose height is unknown keeps its width.
func TestSize(t *testing.T) {
	for _, c := range []struct{ columns, rows, wantColumns, wantRows int }{
		{50, 10, 50, 10}, {50, 0, 50, 24}, {0, 10, 80, 10}, {0, 0, 80, 24},
	} {
		_, theirs := terminal.Open(t, c.columns, c.rows)
		to := console.New(io.Discard)
		to.Terminal = theirs
		if columns, rows := New(to, "bar").size(); columns != c.wantColumns || rows != c.wantRows {
			t.Errorf("%d×%d: got %d×%d, want %d×%d", c.columns, c.rows, columns, rows, c.wantColumns, c.wantRows)
		}
		if err := theirs.Close(); err != nil {
			t.Error(err)
		}
	}
}
