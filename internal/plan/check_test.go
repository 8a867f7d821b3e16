package plan

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// withDigests replaces each ~ by a digest.
func withDigests(text string) string {
	return strings.ReplaceAll(text, `"digest":"~"`, `"digest":"`+someDigest+`"`)
}

// wellFormed is a plan with every kind of entry.
var wellFormed = withDigests(`{"fastcount":"plan","version":2,"rules":{"delimiter":";","patient":{"name":"p"},"event":{"number":2},"escape_ids":true}}
{"file":{"path":"a.csv","size":100,"modified":"2024-01-02T03:04:05.6Z","digest":"~"},"weight":100}
{"file":{"path":"sub/b.csv","size":50,"modified":"2024-01-02T03:04:05.6Z","digest":"~","boundaries":[10,20],"scanned":true},"weight":50}
{"file":{"path":"/c.csv.gz","size":7,"modified":"2024-01-02T03:04:05.6Z","digest":"~","whole":true},"weight":56}
{"file":{"path":"empty.csv","size":0,"modified":"2024-01-02T03:04:05.6Z","digest":"~"},"weight":1}
{"download":{"server":"http://127.0.0.1:8000/base","export":"x","id":"d1","rows":1,"digest":"00"},"weight":44}
{"download":{"server":"http://127.0.0.1:8000/base","export":"y","id":"d2","rows":0,"digest":"00"},"weight":1}
{"entries":6,"total":252}
`)

// signed adds the checksum to a plan that ends with a trailer.
func signed(text string) string {
	text, ok := strings.CutSuffix(text, "}\n")
	if !ok {
		return text
	}
	text += ","
	return fmt.Sprintf("%s\"sha256\":\"%x\"}\n", text, sha256.Sum256([]byte(text)))
}

// replaced replaces the only occurrence of old in a text.
func replaced(t *testing.T, text, old, new string) string {
	t.Helper()
	old, new = withDigests(old), withDigests(new)
	if strings.Count(text, old) != 1 {
		t.Fatalf("%q occurs %d times", old, strings.Count(text, old))
	}
	return strings.Replace(text, old, new, 1)
}

// A plan that is read and written again has the same bytes.
func TestWellFormedPlan(t *testing.T) {
	for name, change := range map[string][2]string{
		"as it is":                {`"entries":6`, `"entries":6`},
		"no rules":                {`"rules":{"delimiter":";","patient":{"name":"p"},"event":{"number":2},"escape_ids":true}`, `"rules":{}`},
		"no header":               {`"patient":{"name":"p"}`, `"no_header":true,"patient":{"number":1}`},
		"scanned and never cut":   {`"boundaries":[10,20],`, ``},
		"built-in server":         {`"server":"http://127.0.0.1:8000/base","export":"x"`, `"server":"","export":"x"`},
		"downloads of one export": {`"export":"y"`, `"export":"x"`},
		"duplicate ids allowed":   {`"escape_ids":true}`, `"escape_ids":true,"allow_duplicate_ids":true}`},
		"heavy":                   {`"weight":56}`, `"weight":57}`},
	} {
		text := replaced(t, wellFormed, change[0], change[1])
		switch name {
		case "built-in server":
			text = strings.ReplaceAll(text, "http://127.0.0.1:8000/base", "")
		case "heavy":
			text = replaced(t, text, `"total":252`, `"total":253`)
		}
		text = signed(text)
		p, err := parse("", []byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var b bytes.Buffer
		if err := Write(&b, p.Rules, p.Entries); err != nil || b.String() != text {
			t.Errorf("%s: got %v\n%s", name, err, &b)
		}
	}
}

// TestConditionsOfPlans breaks each condition of a plan alone.
func TestConditionsOfPlans(t *testing.T) {
	const large = `"weight":9223372036854775807}`
	for name, c := range map[string]struct{ old, new, want string }{
		"another format":       {`"plan"`, `"partial result"`, "missing header"},
		"unknown in header":    {`"rules"`, `"size":1,"rules"`, "header: not in canonical form"},
		"unknown in rules":     {`"delimiter"`, `"quote":"'","delimiter"`, "header: not in canonical form"},
		"twice in header":      {`"version":2`, `"version":2,"version":2`, "header: not in canonical form"},
		"long delimiter":       {`"delimiter":";"`, `"delimiter":"123456789"`, "longer than 8 bytes"},
		"quote as delimiter":   {`"delimiter":";"`, `"delimiter":"\""`, "quote '\"': part of the delimiter"},
		"negative patient":     {`{"name":"p"}`, `{"number":-1}`, "numbered from 1"},
		"negative event":       {`{"number":2}`, `{"number":-2}`, "numbered from 1"},
		"name and number":      {`{"name":"p"}`, `{"name":"p","number":1}`, "selected in more than one way"},
		"number and name":      {`{"number":2}`, `{"name":"e","number":2}`, "selected in more than one way"},
		"name without header":  {`"patient"`, `"no_header":true,"patient"`, "an input without a header has no column names"},
		"event without header": {`"patient":{"name":"p"},"event":{"number":2}`, `"no_header":true,"event":{"name":"e"}`, "an input without a header has no column names"},

		"two kinds":              {`{"download":{"server":"http://127.0.0.1:8000/base","export":"x"`, `{"file":{"path":"z","size":44,"modified":"2024-01-02T03:04:05.6Z","digest":"~"},"download":{"server":"http://127.0.0.1:8000/base","export":"x"`, "line 6: not a plan entry: want a file, a URL or a download"},
		"no kind":                {`{"file":{"path":"a.csv","size":100,"modified":"2024-01-02T03:04:05.6Z","digest":"~"},"weight":100}`, `{"weight":100}`, "line 2: not a plan entry: want a file, a URL or a download"},
		"unknown in file":        {`"size":100`, `"size":100,"mass":1`, "line 2: not a plan entry: not in canonical form"},
		"unknown in entry":       {`"weight":100}`, `"weight":100,"mass":1}`, "line 2: not a plan entry: not in canonical form"},
		"twice in entry":         {`"weight":100}`, `"weight":100,"weight":100}`, "line 2: not a plan entry: not in canonical form"},
		"blank in entry":         {`"weight":100}`, `"weight": 100}`, "line 2: not a plan entry: not in canonical form"},
		"empty line":             {`"weight":100}` + "\n", `"weight":100}` + "\n\n", "line 3: not a plan entry"},
		"member of a plain file": {`"path":"a.csv"`, `"path":"a.csv","member":"b.csv"`, "line 2: not a plan entry: member of an archive that can be split"},
		"no path":                {`"path":"a.csv"`, `"path":""`, "line 2: not a plan entry: file without a path"},
		"negative size":          {`"size":7`, `"size":-7`, "line 4: not a plan entry: negative size"},
		"no digest":              {`"size":100,"modified":"2024-01-02T03:04:05.6Z","digest":"~"`, `"size":100,"modified":"2024-01-02T03:04:05.6Z","digest":""`, "line 2: not a plan entry: file without a digest"},
		"short digest":           {`"size":100,"modified":"2024-01-02T03:04:05.6Z","digest":"~"`, `"size":100,"modified":"2024-01-02T03:04:05.6Z","digest":"00"`, "line 2: not a plan entry: file without a digest"},
		"digest in capitals":     {`"size":100,"modified":"2024-01-02T03:04:05.6Z","digest":"~"`, `"size":100,"modified":"2024-01-02T03:04:05.6Z","digest":"` + strings.ToUpper(someDigest) + `"`, "line 2: not a plan entry: file without a digest"},
		"not a digest":           {`"size":100,"modified":"2024-01-02T03:04:05.6Z","digest":"~"`, `"size":100,"modified":"2024-01-02T03:04:05.6Z","digest":"x` + someDigest[1:] + `"`, "line 2: not a plan entry: file without a digest"},
		"no weight":              {`"weight":56}`, `"weight":0}`, "line 4: not a plan entry: weight less than 1"},
		"other weight":           {`"weight":100}`, `"weight":99}`, "line 2: not a plan entry: weight differs from size"},
		"more weight":            {`"weight":100}`, `"weight":101}`, "line 2: not a plan entry: weight differs from size"},
		"weight of nothing":      {`"2024-01-02T03:04:05.6Z","digest":"~"},"weight":1}`, `"2024-01-02T03:04:05.6Z","digest":"~"},"weight":2}`, "line 5: not a plan entry: weight differs from size"},
		"whole and cut":          {`"whole":true`, `"whole":true,"boundaries":[1]`, "line 4: not a plan entry: boundaries in an entry that cannot be split"},
		"whole and scanned":      {`"whole":true`, `"whole":true,"scanned":true`, "line 4: not a plan entry: boundaries in an entry that cannot be split"},
		"not scanned":            {`,"scanned":true`, ``, "line 3: not a plan entry: boundaries in an entry that was not scanned"},
		"cut at 0":               {`[10,20]`, `[0,20]`, "line 3: not a plan entry: boundaries out of order"},
		"cut twice":              {`[10,20]`, `[10,10]`, "line 3: not a plan entry: boundaries out of order"},
		"boundaries backwards":   {`[10,20]`, `[20,10]`, "line 3: not a plan entry: boundaries out of order"},
		"cut at the end":         {`[10,20]`, `[10,50]`, "line 3: not a plan entry: boundaries out of order"},
		"no export":              {`"export":"x"`, `"export":""`, "line 6: not a plan entry: download without an id"},
		"no download":            {`"id":"d1"`, `"id":""`, "line 6: not a plan entry: download without an id"},
		"not a URL":              {`"server":"http://127.0.0.1:8000/base","export":"x"`, `"server":"host","export":"x"`, "line 6: not a plan entry: server: "},
		"other spelling":         {`"server":"http://127.0.0.1:8000/base","export":"x"`, `"server":"http://127.0.0.1:8000/base/","export":"x"`, "line 6: not a plan entry: server URL is not in normal form"},
		"two servers":            {`"server":"http://127.0.0.1:8000/base","export":"y"`, `"server":"http://127.0.0.1:8001/base","export":"y"`, "two servers"},
		"built-in, too":          {`"server":"http://127.0.0.1:8000/base","export":"y"`, `"server":"","export":"y"`, "two servers"},
		"too much":               {`"weight":56}`, large, "line 4: weights too large to add up"},

		"other total":        {`"total":252`, `"total":251`, "does not match the entries"},
		"another number":     {`"entries":6`, `"entries":5`, "does not match the entries"},
		"unknown at the end": {`"total":252`, `"total":252,"x":1`, "trailer: not in canonical form"},
		"no line feed":       {"252}\n", "252}", "missing trailer"},
		"data after the end": {"252}\n", "252}\nx", "missing trailer"},
		"twice":              {"252}\n", "252}\n" + wellFormed, "line 8: not a plan entry"},
		"no last line":       {"{\"entries\":6,\"total\":252}\n", "", "trailer: not in canonical form"},
	} {
		checkRefused(t, name, replaced(t, wellFormed, c.old, c.new), ErrCorrupt, c.want)
	}
	checkRefused(t, "another version", replaced(t, wellFormed, `"version":2`, `"version":3`), ErrVersion, "got version 3, want 1 to 2")
	const columns, by = `"patient":{"name":"p"},"event":{"number":2}`, `"by":[{"name":"p","column":{"name":"p"}},{"name":"t:day","column":{"number":2},"bucket":"day"}]`
	checkRefused(t, "key columns in version 1", replaced(t, replaced(t, wellFormed, columns, by), `"version":2`, `"version":1`), ErrCorrupt, "header: key columns in version 1")
	checkRefused(t, "other columns too", replaced(t, wellFormed, columns, `"patient":{"name":"p"},`+by), ErrCorrupt, "header: key columns are chosen in two ways")
	for name, c := range map[string][2]string{
		"unknown bucket": {`"bucket":"day"`, `"bucket":"week"`},
		"name twice":     {`"name":"t:day"`, `"name":"p"`},
		"no name":        {`"name":"t:day"`, `"name":""`},
		"no column":      {`{"number":2}`, `{}`},
	} {
		checkRefused(t, name, replaced(t, wellFormed, columns, replaced(t, by, c[0], c[1])), ErrCorrupt, "header: ")
	}
	lines := strings.SplitAfter(wellFormed, "\n")
	checkRefused(t, "empty", "", ErrCorrupt, "missing header")
	checkRefused(t, "no header", strings.Join(lines[1:], ""), ErrCorrupt, "missing header")
	checkRefused(t, "header alone", lines[0]+" ", ErrCorrupt, "missing trailer")
	checkRefused(t, "no entries", lines[0]+`{"entries":0,"total":0}`+"\n", ErrCorrupt, "no entries")
	checkRefused(t, "missing entry", lines[0]+strings.Join(lines[2:], ""), ErrCorrupt, "does not match the entries")
	checkRefused(t, "additional entry", lines[0]+lines[1]+strings.Join(lines[1:], ""), ErrDuplicate, "a.csv")
}

// A plan in which any byte is missing, changed or doubled is refused.
func TestCorruption(t *testing.T) {
	text := signed(wellFormed)
	for i := range text {
		for what, corrupt := range map[string]string{
			"truncated": text[:i],
			"missing":   text[:i] + text[i+1:],
			"doubled":   text[:i+1] + text[i:],
			"flipped":   text[:i] + string(text[i]^1) + text[i+1:],
		} {
			if p, err := parse("", []byte(corrupt)); p != nil || !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrVersion) {
				if corrupt != text {
					t.Fatalf("byte %d %s: got %v, %v", i, what, p, err)
				}
			}
		}
	}
}

// checkRefused asserts that a plan is refused for one reason.
func checkRefused(t *testing.T, name, text string, kind error, want string) {
	t.Helper()
	if p, err := parse("", []byte(signed(text))); p != nil || !errors.Is(err, kind) || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: got %v, %v, want %q", name, p, err, want)
	}
}

// An input that a plan lists twice is named, also if it is spelled differently.
func TestPlanThatListsTwice(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"a file":              {`"sub/b.csv"`, `"a.csv"`, "duplicate input: a.csv"},
		"with ./":             {`"sub/b.csv"`, `"./a.csv"`, "duplicate input: a.csv and ./a.csv are the same file"},
		"with ..":             {`"sub/b.csv"`, `"sub/../a.csv"`, "duplicate input: a.csv and sub/../a.csv are the same file"},
		"from the root":       {`"/c.csv.gz"`, `"/dir/a.csv"`, "duplicate input: a.csv and /dir/a.csv are the same file"},
		"a download":          {`"export":"y","id":"d2"`, `"export":"x","id":"d1"`, "duplicate input: download x/d1 is named twice"},
		"a download anywhere": {`"export":"y","id":"d2"`, `"export":"y","id":"d1"`, "duplicate input: download d1: listed by the exports x and y"},
	} {
		text := replaced(t, wellFormed, c.old, c.new)
		if p, err := parse("/dir", []byte(signed(text))); p != nil || !errors.Is(err, ErrDuplicate) || errors.Is(err, ErrCorrupt) || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
	two := replaced(t, wellFormed, `"export":"y","id":"d2"`, `"export":"y","id":"d1"`)
	two = replaced(t, two, `"escape_ids":true`, `"escape_ids":true,"allow_duplicate_ids":true`)
	if p, err := parse("", []byte(signed(two))); err != nil || !p.Header(0, 1).AllowDuplicateIDs {
		t.Errorf("allowed: got %v", err)
	}
	checkRefused(t, "allowed, and yet the same", replaced(t, two, `"export":"y"`, `"export":"x"`), ErrDuplicate, "download x/d1 is named twice")
}

func TestReadNamesThePlan(t *testing.T) {
	path := filepath.Join(t.TempDir(), "job.plan")
	text := replaced(t, wellFormed, `"sub/b.csv"`, `"./a.csv"`)
	if err := os.WriteFile(path, []byte(signed(text)), 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := Read(path); p != nil || !errors.Is(err, ErrDuplicate) || !strings.HasPrefix(err.Error(), path+": ") {
		t.Errorf("got %v", err)
	}
	if p, err := Read(path + "x"); p != nil || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(path, []byte(signed(wellFormed)), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := p.Path(p.Entries[1].File), filepath.Join(filepath.Dir(path), "sub", "b.csv"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := p.Path(p.Entries[2].File); got != "/c.csv.gz" {
		t.Errorf("got %s", got)
	}
}

// A plan that could not be read is not written.
func TestWriteRefuses(t *testing.T) {
	file := func(path string) Entry {
		return Entry{File: &File{Digest: someDigest, Path: path, Size: 1, Modified: time.Unix(0, 0).UTC()}, Weight: 1}
	}
	for name, c := range map[string]struct {
		rules   Rules
		entries []Entry
		want    error
	}{
		"no entries":   {Rules{}, nil, ErrCorrupt},
		"bad rules":    {Rules{Dialect: Dialect{Delimiter: "123456789"}}, []Entry{file("a")}, ErrCorrupt},
		"not UTF-8":    {Rules{Dialect: Dialect{Delimiter: "\xff"}}, []Entry{file("a")}, ErrUnplannable},
		"no UTF-8":     {Rules{Dialect: Dialect{Names: []string{"\xff"}}}, []Entry{file("a")}, ErrUnplannable},
		"footer":       {Rules{Dialect: Dialect{SkipFooter: 1}}, []Entry{file("a")}, ErrCorrupt},
		"bad entry":    {Rules{}, []Entry{file("a"), file("")}, ErrCorrupt},
		"listed twice": {Rules{}, []Entry{file("a"), file("./a")}, ErrDuplicate},
	} {
		var b bytes.Buffer
		if err := Write(&b, c.rules, c.entries); !errors.Is(err, c.want) || b.Len() > 0 {
			t.Errorf("%s: got %v, and wrote %q", name, err, &b)
		}
	}
	broken := errors.New("broken")
	if err := Write(failing{broken}, Rules{}, []Entry{file("a"), file(strings.Repeat("b", 10_000))}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if err := Write(failing{broken}, Rules{}, []Entry{file("a")}); !errors.Is(err, broken) {
		t.Errorf("small: got %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
