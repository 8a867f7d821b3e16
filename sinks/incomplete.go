package sinks

import (
	"errors"
	"io"
	"io/fs"

	"fastcount/engine"
	"fastcount/internal/display"
)

// Marker is a Sink whose output can say of itself that the report is incomplete. Of an incomplete report
// (engine.Report.Shortfalls is not empty) it must then write other bytes than of a complete one, and name the source
// of every shortfall, or the first of them and how many there are. Errors may hold any character: what people read
// must escape those that command a terminal.
//
// Any other sink is taken for one that says nothing, as most formats have no place for it: Outputs puts what is
// missing into a file of its own beside the output's, called like it with .incomplete behind the name.
type Marker interface {
	Sink

	// MarksIncomplete reports whether that holds for this value of the sink. A type that wraps or embeds another
	// sink answers for its own output.
	MarksIncomplete() bool
}

func marks(s Sink) bool {
	m, ok := s.(Marker)
	return ok && m.MarksIncomplete()
}

// ErrUnmarked says that an output would look complete although the result is not: its format cannot tell, and it is
// no file beside which another could.
var ErrUnmarked = errors.New("its format cannot say that the result is incomplete; only beside a file that can be said")

// sidecarSuffix is what the name of a sidecar has behind that of its output.
const sidecarSuffix = ".incomplete"

// sidecarTitle is the first line of every sidecar, by which later versions know it for one: it must not change.
const sidecarTitle = "fastcount: the file of this name without .incomplete is an incomplete result; it lacks:\n"

// sidecar is the sink that writes a sidecar: the title, and a line for each shortfall.
type sidecar struct{}

func (sidecar) Write(w io.Writer, r *engine.Report) error {
	b := buffered(w)
	b.WriteString(sidecarTitle)
	for _, s := range r.Shortfalls {
		b.WriteString(shortfallLine(s))
		b.WriteByte('\n')
	}
	return b.Flush()
}

// shortfallLine says on one line, in characters that can be printed, what is missing.
func shortfallLine(s engine.Shortfall) string {
	return display.Line(s.Part) + ": " + display.Line(s.Err.Error())
}

// sidecarState is what stands in the place of a sidecar.
type sidecarState int

const (
	sidecarAbsent sidecarState = iota
	sidecarOurs                // a sidecar
	sidecarOther               // something else, which is never touched
)

// stateOf tells from the first bytes of what stands in a sidecar's place, or the failure to read them, what it is.
func stateOf(head []byte, err error) (sidecarState, error) {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return sidecarAbsent, nil
	case err == nil && string(head) == sidecarTitle:
		return sidecarOurs, nil
	}
	return sidecarOther, err
}
