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
	pictureCommand = "fastcount --server http://localhost:8000 -s table small"
	pictureWidth   = 104
)

// pictureFaults make the server as slow as a network, and one download break
// off, when the picture is written.
var pictureFaults = []string{"--fault", "drip=327680/10ms,on=data", "--fault", "reset=9000000,on=data,download=2,attempts=1"}

// maxFrames is the number of screens in the picture before the last one.
const maxFrames = 12

// TestPicture runs the program in a terminal and draws its screen during the
// run and at the end. The committed picture must have the same table; times and
// rates may differ.
func TestPicture(t *testing.T) {
	var faults []string
	if *update {
		faults = pictureFaults
	}
	frames, last := watch(t, faults)
	drawing := draw("A run of "+pictureCommand, pictureWidth, compose(frames, last))
	if *update {
		if len(frames) < maxFrames {
			t.Fatalf("the run displayed progress %d times", len(frames))
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
	unspaced := func(text string) string { return strings.ReplaceAll(text, " ", "") }
	if got := strings.Join(last.text(), ""); !strings.Contains(unspaced(shown), unspaced(proof)) || !strings.Contains(unspaced(got), unspaced(proof)) {
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

// compose returns screens to draw one after another: at most maxFrames of the
// frames, evenly spread, and the last one, each with the command before it.
func compose(frames []*screen, last *screen) (screens [][][]cell) {
	command := &screen{width: pictureWidth, style: "bold"}
	_, _ = io.WriteString(command, "$ "+pictureCommand)
	n := min(len(frames), maxFrames)
	for i := range n {
		screens = append(screens, slices.Concat(command.lines, frames[i*len(frames)/n].lines))
	}
	return append(screens, slices.Concat(command.lines, last.lines))
}

// watch runs the command on a server with faults. It returns a screen for each
// block of progress, and the one at the end.
func watch(t *testing.T, faults []string) (frames []*screen, end *screen) {
	server := exec.Command(program.Name(binary), append([]string{"serve", "--listen", "127.0.0.1:0"}, faults...)...)
	url, stop, err := program.StartServer(server)
	check(t, err)
	t.Cleanup(stop)
	ours, theirs := terminal.Open(t, pictureWidth, 24)
	cmd := exec.Command(program.Name(binary), "--server", url, "-s", "table", "small")
	cmd.Env = []string{"TERM=xterm", "HOME=" + t.TempDir()}
	terminal.Attach(cmd, theirs)
	check(t, cmd.Start())
	check(t, theirs.Close()) // so that reading ends with the program
	end = &screen{width: pictureWidth}
	buf := make([]byte, 1<<16)
	for {
		n, err := ours.Read(buf)
		_, _ = end.Write(buf[:n])
		if text := end.text(); len(text) > 0 && slices.ContainsFunc(text, isTotal) {
			frames = append(frames, end.copy())
		}
		if err != nil { // EIO: the program has ended
			break
		}
	}
	check(t, cmd.Wait())
	return frames, end
}

// isTotal reports whether line is the last line of a block of progress.
func isTotal(line string) bool {
	return strings.HasPrefix(line, "total ") && strings.Contains(line, "%")
}
