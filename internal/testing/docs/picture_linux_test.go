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

	"fastcount/internal/testing/terminal"
)

// What the picture shows, in a terminal of this many columns.
const (
	picture        = pages + "run.svg"
	pictureCommand = "fastcount -s table small"
	pictureWidth   = 104
)

// TestPicture runs the program in a terminal and draws what stood there, in the middle of the run and at its end.
// The table of the committed picture must be that of this run; times and rates may differ.
func TestPicture(t *testing.T) {
	first, last := watch(t)
	for range 20 {
		if first != nil || !*update {
			break
		}
		first, last = watch(t) // a run may be over before its first block of progress
	}
	drawing := draw("A run of "+pictureCommand, pictureWidth, compose(first, last))
	if *update {
		if first == nil {
			t.Fatal("the runs were over before they told of their progress")
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
	if drawn := words(t, drawing); !strings.Contains(drawn, "totals 3,541,898 3,541,895 7,083,793") {
		t.Errorf("drawn: %s", drawn)
	}
}

// words returns the text of a picture, with one space between words. It fails where the picture is no XML.
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

// compose puts two states of one terminal below each other, with the command before each.
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

// watch runs the command and returns what the terminal showed while most of its progress block was there, nil if it
// never was, and at the end.
func watch(t *testing.T) (block, end *screen) {
	ours, theirs := terminal.Open(t, pictureWidth, 24)
	cmd := exec.Command(program(), strings.Fields(pictureCommand)[1:]...)
	cmd.Env = []string{"TERM=xterm", "HOME=" + t.TempDir(), "GOMAXPROCS=1"} // slow enough to be watched
	terminal.Attach(cmd, theirs)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	check(t, theirs.Close()) // so that reading ends when the program does
	end = &screen{width: pictureWidth}
	buf := make([]byte, 1<<16)
	for {
		n, err := ours.Read(buf)
		_, _ = end.Write(buf[:n])
		if text := end.text(); len(text) > 0 && slices.ContainsFunc(text, isTotal) {
			block = end.copy()
		}
		if err != nil { // EIO: nobody is at the other end
			break
		}
	}
	check(t, cmd.Wait())
	return block, end
}

// isTotal says whether a line is the last one of a block of progress.
func isTotal(line string) bool {
	return strings.HasPrefix(line, "total ") && strings.Contains(line, " done")
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
