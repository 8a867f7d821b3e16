package docs

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"fastcount/internal/testing/program"
	"fastcount/internal/testing/terminal"
)

// The picture, the command that it shows, and the columns of the terminal.
const (
	picture        = pages + "run.svg"
	pictureCommand = "fastcount -s table small"
	pictureWidth   = 104
)

// TestPicture runs the program in a terminal and draws its screen during the
// run and at the end. The committed picture must have the same table; times and
// rates may differ.
func TestPicture(t *testing.T) {
	first, last := watch(t)
	for range 20 {
		if first != nil || !*update {
			break
		}
		first, last = watch(t) // a run may end before its first block of progress
	}
	drawing := draw("A run of "+pictureCommand, pictureWidth, compose(first, last))
	if *update {
		if first == nil {
			t.Fatal("the runs ended before they displayed progress")
		}
		if err := os.WriteFile(picture, []byte(drawing), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	shown := words(t, string(committed))
	for _, line := range last.text() {
		if strings.HasPrefix(line, "S00") || strings.HasPrefix(line, "patient ") || strings.HasPrefix(line, "totals ") {
			if want := strings.Join(strings.Fields(line), " "); !strings.Contains(shown, want) {
				t.Errorf("%s does not show %q", picture, want)
			}
		}
	}
	// The terminal wraps the closing line anywhere, even in a word.
	const proof = "; proof of completeness: rows"
	unspaced := strings.NewReplacer(" ", "")
	if got := strings.Join(last.text(), ""); !strings.Contains(shown, proof) || !strings.Contains(unspaced.Replace(got), unspaced.Replace(proof)) {
		t.Errorf("%s and the program do not both show %q", picture, proof)
	}
	if drawn := words(t, drawing); !strings.Contains(drawn, "totals 3,541,898 3,541,895 7,083,793") {
		t.Errorf("drawn: %s", drawn)
	}
}

// words returns the text of a picture, with one space between words. The
// picture must be well-formed XML.
func words(t *testing.T, svg string) string {
	var all []string
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return strings.Join(all, " ")
		}
		if err != nil {
			t.Fatal(err)
		}
		if chars, ok := token.(xml.CharData); ok {
			all = append(all, strings.Fields(string(chars))...)
		}
	}
}

// compose returns the lines of two screens, one below the other, with the
// command before each.
func compose(first, last *screen) (lines [][]cell) {
	add := func(style, text string) {
		s := &screen{width: pictureWidth, style: style}
		_, _ = io.WriteString(s, text)
		lines = append(lines, s.lines...)
	}
	if first != nil {
		add("faint", "while it runs:")
		add("bold", "$ "+pictureCommand)
		lines = append(lines, first.lines...)
		lines = append(lines, nil)
		add("faint", "at its end:")
	}
	add("bold", "$ "+pictureCommand)
	return append(lines, last.lines...)
}

// watch runs the command and returns two screens: one with a block of progress,
// which is nil if none was displayed, and the one at the end.
func watch(t *testing.T) (block, end *screen) {
	ours, theirs := terminal.Open(t, pictureWidth, 24)
	cmd := exec.Command(program.Name(binary), strings.Fields(pictureCommand)[1:]...)
	cmd.Env = []string{"TERM=xterm", "HOME=" + t.TempDir(), "GOMAXPROCS=1"} // slow enough for progress to be displayed
	terminal.Attach(cmd, theirs)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	check(t, theirs.Close()) // so that reading ends with the program
	end = &screen{width: pictureWidth}
	buf := make([]byte, 1<<16)
	for {
		n, err := ours.Read(buf)
		_, _ = end.Write(buf[:n])
		if text := end.text(); len(text) > 0 && slices.ContainsFunc(text, isTotal) {
			block = end.copy()
		}
		if err != nil { // EIO: the program has ended
			break
		}
	}
	check(t, cmd.Wait())
	return block, end
}

// isTotal reports whether line is the last line of a block of progress.
func isTotal(line string) bool {
	return strings.HasPrefix(line, "total ") && strings.Contains(line, " done")
}
