package sources

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fastjson"

	"fastcount/internal/testing/corpus"
	"fastcount/internal/testing/proof"
)

// cutAll cuts a text into the shortest pieces. It returns the elements of the
// list l of data, or an error if a piece or the rest is malformed.
func cutAll(t *testing.T, text string, pieceSize int) (elements []string, err error) {
	t.Helper()
	c := &listCutter{pieceSize: pieceSize, uncut: 1000}
	c.take = func(keys [2][]byte, piece []byte) error {
		if string(keys[0]) == `"data"` && string(keys[1]) == `"l"` {
			more, err := elementsOf(piece)
			elements = append(elements, more...)
			return err
		}
		return fastjson.ValidateBytes(piece)
	}
	for i := range len(text) {
		if err := c.add([]byte(text[i:i+1]), i); err != nil {
			return nil, err
		}
	}
	return elements, fastjson.ValidateBytes(c.rest)
}

func elementsOf(list []byte) (elements []string, err error) {
	v, err := parseJSON(new(fastjson.Parser), list)
	if err != nil {
		return nil, err
	}
	for _, e := range v.GetArray() {
		elements = append(elements, e.String())
	}
	return elements, nil
}

// TestCutLists cuts all short texts within a list. A text is accepted if and
// only if it is valid as a whole, and the list is the same.
func TestCutLists(t *testing.T) {
	const before, after = `{"data":{"l":[`, `]}}`
	accepted := 0
	var try func(middle string, left int)
	try = func(middle string, left int) {
		text := before + middle + after
		whole, wholeErr := parseJSON(new(fastjson.Parser), []byte(text))
		for _, size := range []int{1, 3, 1000} {
			elements, err := cutAll(t, text, size)
			if (err == nil) != (wholeErr == nil) {
				t.Fatalf("%s in pieces of %d: %v; as a whole: %v", text, size, err, wholeErr)
			}
			if err != nil {
				continue
			}
			accepted++
			want, _ := elementsOf([]byte(whole.Get("data", "l").String()))
			if strings.Count(middle, "l") == 0 && !slices.Equal(elements, want) {
				t.Fatalf("%s in pieces of %d: got %q, want %q", text, size, elements, want)
			}
		}
		if left == 0 {
			return
		}
		for _, token := range []string{`"`, `\`, `,`, `[`, `]`, `{`, `}`, `:`, ` `, `1`} {
			try(middle+token, left-1)
		}
	}
	try("", proof.Bound(4, 5))
	if accepted < 400 {
		t.Errorf("only %d texts were accepted", accepted)
	}
}

func TestCutListsOf(t *testing.T) {
	for text, want := range map[string]string{
		`{"data":{"l":[]}}`:                              `{"data":{"l":[]}}`,
		`{"data":{"l":["a","b"],"x":[[1]]},"y":["c"]}`:   `{"data":{"l":[],"x":[]},"y":["c"]}`,
		`{"data":[["l"]]}`:                               `{"data":[["l"]]}`,
		`[{"l":["a"]}]`:                                  `[{"l":["a"]}]`,
		"{ \t\n \"data\" :  {\"l\":[  \"a  b\"  ]  }  }": `{ "data" : {"l":[] } }`,
		`{"data":{"s":"  [\"]\\","l":["]","\"]"]}}`:      `{"data":{"s":"  [\"]\\","l":[]}}`,
		`{"data":{"l":["a"`:                              `{"data":{"l":[`,
		`{"data":{"l":["a"}}`:                            `{"data":{"l":[}}`,
		`]]}}:{"data":{"l":["a"]`:                        `]]}}:{"data":{"l":["a"]`,
	} {
		rest, err := cutLists(strings.NewReader(text), len(text), time.Minute, func(_ [2][]byte, piece []byte) error { return nil })
		if string(rest) != want || err != nil {
			t.Errorf("%s: got %s, %v, want %s", text, rest, err, want)
		}
	}
}

func TestCutListsErrors(t *testing.T) {
	bad := errors.New("bad")
	long := []byte(`{"data":{"l":[` + strings.Repeat(`"x",`, 100_000) + `"x"]}}`)
	for name, tt := range map[string]struct {
		r     io.Reader
		limit int
		take  error
		want  error
	}{
		"fine":                         {bytes.NewReader(long), len(long), nil, nil},
		"too long":                     {bytes.NewReader(long), len(long) - 1, nil, errTooLong},
		"too long at its end":          {&corpus.EarlyEOF{Data: long}, len(long) - 1, nil, errTooLong},
		"refused":                      {bytes.NewReader(long), len(long), bad, bad},
		"refused and too long":         {bytes.NewReader(long), len(long) - 1, bad, bad},
		"broken":                       {corpus.Broken(long), len(long), nil, corpus.ErrBroken},
		"refused because it is broken": {corpus.Broken(long), len(long), bad, corpus.ErrBroken},
		"no list":                      {strings.NewReader(`{"x":"` + strings.Repeat("x", pieceSize+100)), 1 << 20, nil, nil},
		"no list and long":             {strings.NewReader(`{"x":"` + strings.Repeat("x", pieceSize+1<<14)), 1 << 20, nil, errUncut},
	} {
		if _, err := cutLists(tt.r, tt.limit, time.Minute, func([2][]byte, []byte) error { return tt.take }); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", name, err, tt.want)
		}
	}
}
