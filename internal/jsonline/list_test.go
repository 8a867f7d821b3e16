package jsonline

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

var (
	errCorrupt = errors.New("corrupt test")
	errVersion = errors.New("unsupported version of a test")
	format     = &Format{Name: "test", Version: 3, ErrCorrupt: errCorrupt, ErrVersion: errVersion}
)

type (
	testHeader struct {
		FormatID
		A int `json:"a"`
	}
	testLine struct {
		B string `json:"b"`
	}
	testTrailer struct {
		N int `json:"n"`
	}
	testList = List[testHeader, testLine, testTrailer]
)

func parse(text string) (*testList, error) {
	return ParseList[testHeader, testLine, testTrailer]([]byte(text), format, "test line")
}

func written(t *testing.T) string {
	t.Helper()
	l := testList{testHeader{format.ID(), 1}, []testLine{{"x"}, {"\n<"}}, testTrailer{2}}
	var b bytes.Buffer
	if err := l.Write(&b, format); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestListRoundTrip(t *testing.T) {
	const want = `{"fastcount":"test","version":3,"a":1}
{"b":"x"}
{"b":"\n<"}
{"n":2,"sha256":"`
	text := written(t)
	if !strings.HasPrefix(text, want) || len(text) != len(want)+64+len("\"}\n") {
		t.Errorf("got %s", text)
	}
	l, err := parse(text)
	if err != nil || l.Header.A != 1 || l.Trailer.N != 2 || !slices.Equal(l.Lines, []testLine{{"x"}, {"\n<"}}) {
		t.Errorf("got %+v, %v", l, err)
	}
}

// A list with a byte missing, doubled or changed is refused.
func TestListCorruption(t *testing.T) {
	text := written(t)
	for i := range len(text) {
		for what, corrupt := range map[string]string{
			"truncated": text[:i],
			"missing":   text[:i] + text[i+1:],
			"doubled":   text[:i+1] + text[i:],
			"flipped":   text[:i] + string(text[i]^1) + text[i+1:],
		} {
			l, err := parse(corrupt)
			if corrupt != text && (l != nil || !errors.Is(err, errCorrupt) && !errors.Is(err, errVersion)) {
				t.Fatalf("byte %d %s: got %v, %v", i, what, l, err)
			}
		}
	}
}

func TestListErrors(t *testing.T) {
	text := written(t)
	for name, c := range map[string]struct {
		text string
		kind error
		want string
	}{
		"empty":           {"", errCorrupt, "corrupt test: missing header"},
		"another format":  {strings.Replace(text, `"test"`, `"plan"`, 1), errCorrupt, "corrupt test: missing header"},
		"another version": {strings.Replace(text, `:3`, `:4`, 1), errVersion, "unsupported version of a test: got version 4, want 3"},
		"blank":           {strings.Replace(text, `:1`, `: 1`, 1), errCorrupt, "corrupt test: header: not in canonical form"},
		"no trailer":      {text[:strings.Index(text, `{"n"`)], errCorrupt, "corrupt test: missing trailer"},
		"another line":    {strings.Replace(text, `"x"`, `"y"`, 1), errCorrupt, "corrupt test: checksum mismatch"},
		"header alone":    {text[:strings.Index(text, "\n")+1], errCorrupt, "corrupt test: missing trailer"},
	} {
		if l, err := parse(c.text); l != nil || !errors.Is(err, c.kind) || err.Error() != c.want {
			t.Errorf("%s: got %v, %v, want %s", name, l, err, c.want)
		}
	}
}
