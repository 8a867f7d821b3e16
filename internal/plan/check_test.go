package plan

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// withDigests replaces each ~ that is in place of a digest.
func withDigests(text string) string {
	return strings.ReplaceAll(text, `"digest":"~"`, `"digest":"`+someDigest+`"`)
}

// wellFormed is a plan that has one of everything.
var wellFormed = withDigests(`{"fastcount":"plan","version":1,"rules":{"delimiter":";","patient":{"name":"p"},"event":{"number":2},"escape_ids":true}}
{"file":{"path":"a.csv","size":100,"modified":"2024-01-02T03:04:05.6Z","digest":"~"},"weight":100}
{"file":{"path":"sub/b.csv","size":50,"modified":"2024-01-02T03:04:05.6Z","digest":"~","cuts":[10,20],"scanned":true},"weight":50}
{"file":{"path":"/c.csv.gz","size":7,"modified":"2024-01-02T03:04:05.6Z","digest":"~","whole":true},"weight":56}
{"file":{"path":"empty.csv","size":0,"modified":"2024-01-02T03:04:05.6Z","digest":"~"},"weight":1}
{"download":{"server":"http://127.0.0.1:8000/base","export":"x","id":"d1","rows":1,"digest":"00"},"weight":44}
{"download":{"server":"http://127.0.0.1:8000/base","export":"y","id":"d2","rows":0,"digest":"00"},"weight":1}
{"units":6,"total":252}
`)

// replaced replaces the only occurrence of old in a text.
func replaced(t *testing.T, text, old, new string) string {
	t.Helper()
	old, new = withDigests(old), withDigests(new)
	if strings.Count(text, old) != 1 {
		t.Fatalf("%q occurs %d times", old, strings.Count(text, old))
	}
	return strings.Replace(text, old, new, 1)
}

// A plan that is accepted is, byte for byte, what is written of what was read.
func TestWellFormedPlan(t *testing.T) {
	for name, change := range map[string][2]string{
		"as it is":                {`"units":6`, `"units":6`},
		"no rules":                {`"rules":{"delimiter":";","patient":{"name":"p"},"event":{"number":2},"escape_ids":true}`, `"rules":{}`},
		"no header":               {`"patient":{"name":"p"}`, `"no_header":true,"patient":{"number":1}`},
		"scanned and never cut":   {`"cuts":[10,20],`, ``},
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
		p, err := parse("", []byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var b bytes.Buffer
		if err := Write(&b, p.Rules, p.Units); err != nil || b.String() != text {
			t.Errorf("%s: got %v\n%s", name, err, &b)
		}
	}
}

// TestConditionsOfPlans breaks each condition of a plan alone.
func TestConditionsOfPlans(t *testing.T) {
	const large = `"weight":9223372036854775807}`
	for name, c := range map[string]struct{ old, new, want string }{
		"another format":       {`"plan"`, `"partial result"`, "does not begin as one"},
		"another version":      {`"version":1`, `"version":2`, "version 2, not 1"},
		"unknown in header":    {`"rules"`, `"size":1,"rules"`, "line 1: not in canonical form"},
		"unknown in rules":     {`"delimiter"`, `"quote":"'","delimiter"`, "line 1: not in canonical form"},
		"twice in header":      {`"version":1`, `"version":1,"version":1`, "line 1: not in canonical form"},
		"long delimiter":       {`"delimiter":";"`, `"delimiter":"ab"`, "invalid delimiter"},
		"NUL as delimiter":     {`"delimiter":";"`, `"delimiter":"\u0000"`, "invalid delimiter"},
		"quote as delimiter":   {`"delimiter":";"`, `"delimiter":"\""`, "delimiter '\"': not allowed"},
		"negative patient":     {`{"name":"p"}`, `{"number":-1}`, "negative number"},
		"negative event":       {`{"number":2}`, `{"number":-2}`, "negative number"},
		"name and number":      {`{"name":"p"}`, `{"name":"p","number":1}`, "a name and a number"},
		"number and name":      {`{"number":2}`, `{"name":"e","number":2}`, "a name and a number"},
		"name without header":  {`"patient"`, `"no_header":true,"patient"`, "an input without a header has no column names"},
		"event without header": {`"patient":{"name":"p"},"event":{"number":2}`, `"no_header":true,"event":{"name":"e"}`, "an input without a header has no column names"},

		"two kinds":          {`{"download":{"server":"http://127.0.0.1:8000/base","export":"x"`, `{"file":{"path":"z","size":44,"modified":"2024-01-02T03:04:05.6Z","digest":"~"},"download":{"server":"http://127.0.0.1:8000/base","export":"x"`, "line 6: not a plan entry: want a file or a download"},
		"no kind":            {`{"file":{"path":"a.csv","size":100,"modified":"2024-01-02T03:04:05.6Z","digest":"~"},"weight":100}`, `{"weight":100}`, "line 2: not a plan entry: want a file or a download"},
		"unknown in file":    {`"size":100`, `"size":100,"mass":1`, "line 2: not in canonical form"},
		"unknown in entry":   {`"weight":100}`, `"weight":100,"mass":1}`, "line 2: not in canonical form"},
		"twice in entry":     {`"weight":100}`, `"weight":100,"weight":100}`, "line 2: not in canonical form"},
		"blank in entry":     {`"weight":100}`, `"weight": 100}`, "line 2: not in canonical form"},
		"empty line":         {`"weight":100}` + "\n", `"weight":100}` + "\n\n", "end is missing"},
		"no path":            {`"path":"a.csv"`, `"path":""`, "line 2: not a plan entry: file without a path"},
		"negative size":      {`"size":7`, `"size":-7`, "line 4: not a plan entry: negative size"},
		"no digest":          {`"size":100,"modified":"2024-01-02T03:04:05.6Z","digest":"~"`, `"size":100,"modified":"2024-01-02T03:04:05.6Z","digest":""`, "line 2: not a plan entry: file without a digest"},
		"short digest":       {`"size":100,"modified":"2024-01-02T03:04:05.6Z","digest":"~"`, `"size":100,"modified":"2024-01-02T03:04:05.6Z","digest":"00"`, "line 2: not a plan entry: file without a digest"},
		"digest in capitals": {`"size":100,"modified":"2024-01-02T03:04:05.6Z","digest":"~"`, `"size":100,"modified":"2024-01-02T03:04:05.6Z","digest":"` + strings.ToUpper(someDigest) + `"`, "line 2: not a plan entry: file without a digest"},
		"not a digest":       {`"size":100,"modified":"2024-01-02T03:04:05.6Z","digest":"~"`, `"size":100,"modified":"2024-01-02T03:04:05.6Z","digest":"x` + someDigest[1:] + `"`, "line 2: not a plan entry: file without a digest"},
		"no weight":          {`"weight":56}`, `"weight":0}`, "line 4: not a plan entry: weight less than 1"},
		"other weight":       {`"weight":100}`, `"weight":99}`, "line 2: not a plan entry: the weight is not the size"},
		"more weight":        {`"weight":100}`, `"weight":101}`, "line 2: not a plan entry: the weight is not the size"},
		"weight of nothing":  {`"2024-01-02T03:04:05.6Z","digest":"~"},"weight":1}`, `"2024-01-02T03:04:05.6Z","digest":"~"},"weight":2}`, "line 5: not a plan entry: the weight is not the size"},
		"whole and cut":      {`"whole":true`, `"whole":true,"cuts":[1]`, "line 4: not a plan entry: cuts of a file that is not cut"},
		"whole and scanned":  {`"whole":true`, `"whole":true,"scanned":true`, "line 4: not a plan entry: cuts of a file that is not cut"},
		"not scanned":        {`,"scanned":true`, ``, "line 3: not a plan entry: cuts of a file that was not scanned"},
		"cut at 0":           {`[10,20]`, `[0,20]`, "line 3: not a plan entry: cuts out of order"},
		"cut twice":          {`[10,20]`, `[10,10]`, "line 3: not a plan entry: cuts out of order"},
		"cuts backwards":     {`[10,20]`, `[20,10]`, "line 3: not a plan entry: cuts out of order"},
		"cut at the end":     {`[10,20]`, `[10,50]`, "line 3: not a plan entry: cuts out of order"},
		"no export":          {`"export":"x"`, `"export":""`, "line 6: not a plan entry: download without an id"},
		"no download":        {`"id":"d1"`, `"id":""`, "line 6: not a plan entry: download without an id"},
		"not a URL":          {`"server":"http://127.0.0.1:8000/base","export":"x"`, `"server":"host","export":"x"`, "line 6: not a plan entry: server: "},
		"other spelling":     {`"server":"http://127.0.0.1:8000/base","export":"x"`, `"server":"http://127.0.0.1:8000/base/","export":"x"`, "line 6: not a plan entry: the server is not spelled"},
		"two servers":        {`"server":"http://127.0.0.1:8000/base","export":"y"`, `"server":"http://127.0.0.1:8001/base","export":"y"`, "two servers"},
		"built-in, too":      {`"server":"http://127.0.0.1:8000/base","export":"y"`, `"server":"","export":"y"`, "two servers"},
		"too much":           {`"weight":56}`, large, "line 4: the sum of all weights is too large"},

		"other total":        {`"total":252`, `"total":251`, "do not add up"},
		"another number":     {`"units":6`, `"units":5`, "end is missing"},
		"unknown at the end": {`"total":252`, `"total":252,"x":1`, "end is missing"},
		"no line feed":       {"252}\n", "252}", "end is missing"},
		"data after the end": {"252}\n", "252}\nx", "end is missing"},
		"twice":              {"252}\n", "252}\n" + wellFormed, "end is missing"},
		"no last line":       {"{\"units\":6,\"total\":252}\n", "", "end is missing"},
	} {
		checkRefused(t, name, replaced(t, wellFormed, c.old, c.new), ErrDamaged, c.want)
	}
	lines := strings.SplitAfter(wellFormed, "\n")
	checkRefused(t, "empty", "", ErrDamaged, "does not begin as one")
	checkRefused(t, "no header", strings.Join(lines[1:], ""), ErrDamaged, "does not begin as one")
	checkRefused(t, "header alone", lines[0], ErrDamaged, "end is missing")
	checkRefused(t, "no entries", lines[0]+`{"units":0,"total":0}`+"\n", ErrDamaged, "no entries")
	checkRefused(t, "an entry is missing", lines[0]+strings.Join(lines[2:], ""), ErrDamaged, "end is missing")
	checkRefused(t, "an entry more", lines[0]+lines[1]+strings.Join(lines[1:], ""), ErrDamaged, "end is missing")
}

// checkRefused asserts that a plan is refused for one reason.
func checkRefused(t *testing.T, name, text string, kind error, want string) {
	t.Helper()
	if p, err := parse("", []byte(text)); p != nil || !errors.Is(err, kind) || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: got %v, %v, want %q", name, p, err, want)
	}
}

// An input that a plan lists twice is named, also if it is spelled differently.
func TestPlanThatListsTwice(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"a file":              {`"sub/b.csv"`, `"a.csv"`, "an input is listed twice: a.csv"},
		"with ./":             {`"sub/b.csv"`, `"./a.csv"`, "an input is listed twice: a.csv and ./a.csv are the same file"},
		"with ..":             {`"sub/b.csv"`, `"sub/../a.csv"`, "an input is listed twice: a.csv and sub/../a.csv are the same file"},
		"from the root":       {`"/c.csv.gz"`, `"/dir/a.csv"`, "an input is listed twice: a.csv and /dir/a.csv are the same file"},
		"a download":          {`"export":"y","id":"d2"`, `"export":"x","id":"d1"`, "an input is listed twice: download x/d1 is named twice"},
		"a download anywhere": {`"export":"y","id":"d2"`, `"export":"y","id":"d1"`, "an input is listed twice: download d1: listed by the exports x and y"},
	} {
		text := replaced(t, wellFormed, c.old, c.new)
		if p, err := parse("/dir", []byte(text)); p != nil || !errors.Is(err, ErrTwice) || errors.Is(err, ErrDamaged) || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
	two := replaced(t, wellFormed, `"export":"y","id":"d2"`, `"export":"y","id":"d1"`)
	two = replaced(t, two, `"escape_ids":true`, `"escape_ids":true,"allow_duplicate_ids":true`)
	if p, err := parse("", []byte(two)); err != nil || !p.Head(0, 1).AllowDuplicateIDs {
		t.Errorf("allowed: got %v", err)
	}
	checkRefused(t, "allowed, and yet the same", replaced(t, two, `"export":"y"`, `"export":"x"`), ErrTwice, "download x/d1 is named twice")
}

func TestReadNamesThePlan(t *testing.T) {
	path := filepath.Join(t.TempDir(), "job.plan")
	text := replaced(t, wellFormed, `"sub/b.csv"`, `"./a.csv"`)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := Read(path); p != nil || !errors.Is(err, ErrTwice) || !strings.HasPrefix(err.Error(), path+": ") {
		t.Errorf("got %v", err)
	}
	if p, err := Read(path + "x"); p != nil || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(path, []byte(wellFormed), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := p.Path(p.Units[1].File), filepath.Join(filepath.Dir(path), "sub", "b.csv"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := p.Path(p.Units[2].File); got != "/c.csv.gz" {
		t.Errorf("got %s", got)
	}
}

// A plan that could not be read is not written.
func TestWriteRefuses(t *testing.T) {
	file := func(path string) Unit {
		return Unit{File: &File{Digest: someDigest, Path: path, Size: 1, Modified: time.Unix(0, 0).UTC()}, Weight: 1}
	}
	for name, c := range map[string]struct {
		rules Rules
		units []Unit
		want  error
	}{
		"no entries":   {Rules{}, nil, ErrDamaged},
		"bad rules":    {Rules{Delimiter: "ab"}, []Unit{file("a")}, ErrDamaged},
		"bad entry":    {Rules{}, []Unit{file("a"), file("")}, ErrDamaged},
		"listed twice": {Rules{}, []Unit{file("a"), file("./a")}, ErrTwice},
	} {
		var b bytes.Buffer
		if err := Write(&b, c.rules, c.units); !errors.Is(err, c.want) || b.Len() > 0 {
			t.Errorf("%s: got %v, and wrote %q", name, err, &b)
		}
	}
	broken := errors.New("broken")
	if err := Write(failing{broken}, Rules{}, []Unit{file("a"), file(strings.Repeat("b", 10_000))}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if err := Write(failing{broken}, Rules{}, []Unit{file("a")}); !errors.Is(err, broken) {
		t.Errorf("small: got %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
