package checkpoint

import (
	"errors"
	"io"
	"path/filepath"

	"fastcount/internal/atomicfile"
	"fastcount/internal/jsonline"
)

// comparedName is the name of the file that describes a comparison of all
// sources of a run with each other.
const comparedName = "compared.jsonl"

var comparedFormat = &jsonline.Format{Name: "compared sources", Version: 1, ErrCorrupt: errCorrupt, ErrVersion: errors.New("unsupported version")}

type (
	comparedHeader struct {
		jsonline.FormatID
		Run string `json:"run"` // digest of the file that describes the run
	}
	comparedLine struct {
		Warning string `json:"warning"`
	}
	comparedTrailer struct {
		Warnings int `json:"warnings"`
	}
	comparedFile = jsonline.List[comparedHeader, comparedLine, comparedTrailer]
)

// Compared returns the warnings of a comparison of all sources of the run with
// each other, and reports whether an earlier run made it.
func (s *Store) Compared() (warnings []string, known bool) {
	text, err := readPrivate(filepath.Join(s.dir, comparedName))
	if err != nil {
		return nil, false
	}
	file, err := jsonline.ParseList[comparedHeader, comparedLine, comparedTrailer](text, comparedFormat, "warning")
	if err != nil || file.Header.Run != s.run {
		return nil, false
	}
	for _, line := range file.Lines {
		warnings = append(warnings, line.Warning)
	}
	return warnings, true
}

// SetCompared saves the warnings of a comparison of all sources of the run with
// each other, for later runs over the same sources. All of them are finished.
func (s *Store) SetCompared(warnings []string) error {
	file := comparedFile{Header: comparedHeader{comparedFormat.ID(), s.run}, Trailer: comparedTrailer{len(warnings)}}
	for _, text := range warnings {
		file.Lines = append(file.Lines, comparedLine{text})
	}
	return atomicfile.Write(s.files, filepath.Join(s.dir, comparedName), func(w io.Writer) error { return file.Write(w, comparedFormat) })
}
