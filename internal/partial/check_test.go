package partial_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fastcount/engine"
	"fastcount/internal/partial"
)

// wellFormed is a partial result with every kind of part, without its checksum.
const wellFormed = `{"fastcount":"partial result","version":3,"job":"w","label":"u","covers":[[0,10],[20,30]],"total":40,"shards":4}
1:a,1:x,2
1:a,2:yy,1
10:bbbbbbbbbb,1:x,4
{"pairs":3,"rows":7,"bytes":100,"parts":[` +
	`{"name":"f","rows":3,"bytes":40,"raw_bytes":50,"attempts":1,"verified":"none","range":{"from":0,"to":50,"start":0,"end":55,"size":100}},` +
	`{"name":"f","rows":1,"bytes":5,"raw_bytes":40,"attempts":1,"verified":"none","range":{"from":60,"to":90,"start":61,"end":95,"size":100}},` +
	`{"name":"x/d1","download":"d1","rows":1,"bytes":20,"raw_bytes":9,"attempts":2,"verified":"rows"},` +
	`{"name":"x/d2","download":"d2","rows":2,"bytes":35,"raw_bytes":9,"attempts":1,"verified":"framing"}]`

// signed adds the checksum to a partial result.
func signed(text string) string {
	text += ","
	return fmt.Sprintf("%s\"sha256\":\"%x\"}\n", text, sha256.Sum256([]byte(text)))
}

// replaced replaces the only occurrence of old in a text.
func replaced(t *testing.T, text, old, new string) string {
	t.Helper()
	if strings.Count(text, old) != 1 {
		t.Fatalf("%q occurs %d times", old, strings.Count(text, old))
	}
	return strings.Replace(text, old, new, 1)
}

// rewritten reads a partial result and writes what it holds.
func rewritten(text string) (string, error) {
	in, err := partial.NewReader(strings.NewReader(text))
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	out, err := partial.NewWriter(&b, in.Header())
	if err != nil {
		return "", fmt.Errorf("read and not written: %v", err)
	}
	for {
		values, n, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return "", err
		}
		if err := out.Add(values, n); err != nil {
			return "", fmt.Errorf("read and not written: %v", err)
		}
	}
	if err := out.Close(in.Parts()); err != nil {
		return "", fmt.Errorf("read and not written: %v", err)
	}
	return b.String(), nil
}

func TestWellFormed(t *testing.T) {
	for name, change := range map[string][2]string{
		"as it is":                    {`"job":"w"`, `"job":"w"`},
		"covers to the end":           {`[20,30]`, `[20,40]`},
		"number of shards unknown":    {`"covers":[[0,10],[20,30]],"total":40,"shards":4`, `"covers":[[0,7],[9,30]],"total":40`},
		"not of a shard":              {`,"covers":[[0,10],[20,30]],"total":40,"shards":4`, ``},
		"ids of any bytes":            {"\"shards\":4}\n1:a,1:x,2\n", "\"shards\":4,\"escape_ids\":true}\n1:\x00,1:\xff,2\n"},
		"duplicate ids allowed":       {`"shards":4}`, `"shards":4,"allow_duplicate_ids":true}`},
		"empty ids":                   {`1:a,1:x,2`, `0:,0:,2`},
		"a range to the end":          {`"from":60,"to":90,"start":61,"end":95`, `"from":60,"to":100,"start":61,"end":100`},
		"a record to the end":         {`"start":61,"end":95`, `"start":61,"end":100`},
		"first record at the end":     {`"start":61,"end":95`, `"start":90,"end":95`},
		"a range next to the end":     {`"from":60,"to":90,"start":61,"end":95`, `"from":51,"to":90,"start":61,"end":95`},
		"a record that ends at To":    {`"from":0,"to":50,"start":0,"end":55`, `"from":0,"to":50,"start":0,"end":51`},
		"markup in a name":            {`"name":"x/d2"`, `"name":"<&>"`},
		"a key column":                {"\"label\":\"u\"", `"label":"u","by":["x","event_time:day"]`},
		"a dialect":                   {`"shards":4}`, `"shards":4,"dialect":{"comment":"\"#\"","skip-rows":"1"}}`},
		"ragged rows":                 {`"verified":"rows"`, `"verified":"rows","ragged_rows":1,"comments":9,"repeated_headers":8,"skipped_rows":7`},
		"an empty input":              {`"rows":1,"bytes":20,"raw_bytes":9,"attempts":2,"verified":"rows"},{"name":"x/d2","download":"d2","rows":2,"bytes":35`, `"rows":0,"bytes":0,"raw_bytes":0,"attempts":2,"verified":"rows","empty_inputs":1},{"name":"x/d2","download":"d2","rows":3,"bytes":55`},
		"records of lines":            {`"verified":"rows"`, `"verified":"rows","multiline_rows":1`},
		"numbers of entries":          {`"download":"d2",`, `"download":"d2","entry":3,`},
		"a download without a record": {`"rows":1,"bytes":20,"raw_bytes":9,"attempts":2,"verified":"rows"},{"name":"x/d2","download":"d2","rows":2`, `"rows":0,"bytes":20,"raw_bytes":9,"attempts":2,"verified":"rows"},{"name":"x/d2","download":"d2","rows":3`},
	} {
		text := signed(replaced(t, wellFormed, change[0], change[1]))
		if again, err := rewritten(text); err != nil || again != text {
			t.Errorf("%s: got %v\n%s", name, err, again)
		}
		if _, _, err := partial.Read(strings.NewReader(text)); err != nil {
			t.Errorf("%s: read as a report: %v", name, err)
		}
	}
}

// TestConditions breaks each condition of a partial result alone, with
// a correct checksum.
func TestConditions(t *testing.T) {
	const tooLarge = "18446744073709551616"
	for name, c := range map[string]struct{ old, new, want string }{
		// Header.
		"another format":        {`"partial result"`, `"plan"`, "missing header"},
		"empty dialect":         {`"shards":4}`, `"shards":4,"dialect":{}}`, "header: not in canonical form"},
		"no key columns":        {`"label":"u"`, `"label":"u","by":[]`, "header: not in canonical form"},
		"key column twice":      {`"label":"u"`, `"label":"u","by":["x","y","x"]`, "header: invalid key columns"},
		"key column of no name": {`"label":"u"`, `"label":"u","by":["x",""]`, "header: invalid key columns"},
		"9 key columns":         {`"label":"u"`, `"label":"u","by":["1","2","3","4","5","6","7","8","9"]`, "header: invalid key columns"},
		"key column not UTF-8":  {`"label":"u"`, "\"label\":\"u\",\"by\":[\"\xff\"]", "header: not in canonical form"},
		"one key column":        {`"label":"u"`, `"label":"u","by":["x"]`, "invalid count"},
		"three key columns":     {`"label":"u"`, `"label":"u","by":["x","y","z"]`, "invalid length"},
		"rule without value":    {`"shards":4}`, `"shards":4,"dialect":{"trim":""}}`, "header: invalid dialect"},
		"dialect in version 1":  {`"version":3,"job":"w","label":"u","covers":[[0,10],[20,30]],"total":40,"shards":4}`, `"version":1,"job":"w","label":"u","covers":[[0,10],[20,30]],"total":40,"shards":4,"dialect":{"trim":"true"}}`, "header: dialect in version 1"},
		"version 0":             {`"version":3`, `"version":0`, "unsupported version"},
		"more ragged rows":      {`"verified":"rows"`, `"verified":"rows","ragged_rows":2`, "more ragged rows than rows"},
		"empty with bytes":      {`"verified":"rows"`, `"verified":"rows","empty_inputs":1`, "empty part with data"},
		"another version":       {`"version":3`, `"version":4`, "unsupported version"},
		"unknown in header":     {`"label":"u"`, `"label":"u","size":1`, "header: not in canonical form"},
		"twice in header":       {`"label":"u"`, `"label":"v","label":"u"`, "header: not in canonical form"},
		"blank in header":       {`"label":"u"`, `"label": "u"`, "header: not in canonical form"},
		"missing in header":     {`"label":"u",`, ``, "header: not in canonical form"},
		"escape in header":      {`"label":"u"`, `"label":"\u0075"`, "header: not in canonical form"},
		"UTF-8 in header":       {`"label":"u"`, "\"unit\":\"\xff\"", "header: not in canonical form"},
		"written-out default":   {`"shards":4`, `"shards":4,"escape_ids":false`, "header: not in canonical form"},
		"no covers":             {`"covers":[[0,10],[20,30]]`, `"covers":[]`, "header: not in canonical form"},
		"three bounds":          {`[0,10]`, `[0,10,20]`, "header: not in canonical form"},
		"CR after the header":   {"\"shards\":4}\n", "\"shards\":4}\r\n", "header: not in canonical form"},
		"leading zero in total": {`"total":40`, `"total":040`, "missing header"},
		"total too large":       {`"total":40`, `"total":9223372036854775808`, "header: not in canonical form"},
		"negative total":        {`"covers":[[0,10],[20,30]],"total":40,"shards":4`, `"total":-1`, "negative number"},
		"negative shards":       {`"shards":4`, `"shards":-4`, "negative number"},
		"covers without total":  {`,"total":40,"shards":4`, ``, "without a total"},
		"shards without total":  {`"covers":[[0,10],[20,30]],"total":40,"shards":4`, `"shards":4`, "without a total"},
		"covers before 0":       {`"covers":[[0,10],[20,30]],"total":40,"shards":4`, `"covers":[[-1,10],[20,30]],"total":40`, "invalid interval"},
		"empty interval":        {`[20,30]`, `[20,20]`, "invalid interval"},
		"covers backwards":      {`[20,30]`, `[30,20]`, "invalid interval"},
		"covers overlap":        {`"covers":[[0,10],[20,30]],"total":40,"shards":4`, `"covers":[[0,21],[20,30]],"total":40`, "invalid interval"},
		"covers touch":          {`[0,10]`, `[0,20]`, "invalid interval"},
		"covers out of order":   {`[[0,10],[20,30]]`, `[[20,30],[0,10]]`, "invalid interval"},
		"covers past the end":   {`[20,30]`, `[20,50]`, "invalid interval"},
		"no begin of a shard":   {`[20,30]`, `[19,30]`, "whole shards"},
		"no end of a shard":     {`[20,30]`, `[20,31]`, "whole shards"},

		// Pairs.
		"count of 0":               {`1:x,2`, `1:x,0`, "count of 0"},
		"leading zero in a count":  {`1:x,2`, `1:x,02`, "invalid count"},
		"no digits":                {`1:x,2`, `1:x,`, "invalid count"},
		"a sign":                   {`1:x,2`, `1:x,+2`, "invalid count"},
		"a negative count":         {`1:x,2`, `1:x,-2`, "invalid count"},
		"a blank":                  {`1:x,2`, `1:x,2 `, "invalid count"},
		"CR after a pair":          {"1:x,2\n", "1:x,2\r\n", "invalid count"},
		"count too large":          {`1:x,2`, `1:x,` + tooLarge, "invalid count"},
		"count too long":           {`1:x,2`, `1:x,` + strings.Repeat("9", 100), "invalid count"},
		"sum too large":            {`1:x,2`, `1:x,18446744073709551615`, "too many rows to count"},
		"leading zero in a length": {`1:a,1:x`, `01:a,1:x`, "invalid length"},
		"length without digits":    {`1:a,1:x`, `:a,1:x`, "invalid length"},
		"length too large":         {`1:a,1:x`, `67108865:a,1:x`, "id too long"},
		"length past 2^31":         {`1:a,1:x`, `4294967297:a,1:x`, "invalid length"},
		"no comma after an id":     {`1:a,1:x`, `1:a;1:x`, "missing comma after an id"},
		"patient not UTF-8":        {`1:a,1:x`, "1:\xff,1:x", "not valid UTF-8"},
		"event not UTF-8":          {"1:a,2:yy", "1:a,2:y\xff", "not valid UTF-8"},
		"empty line":               {"1:x,2\n", "1:x,2\n\n", "invalid length"},
		"a pair twice":             {"1:a,2:yy", "1:a,1:x", "out of order"},
		"patients out of order":    {"10:bbbbbbbbbb", "10:BBBBBBBBBB", "out of order"},
		"events out of order":      {"1:a,2:yy", "1:a,2:ww", "out of order"},

		// Trailer.
		"unknown in trailer":    {`"bytes":100,`, `"bytes":100,"size":1,`, "trailer: not in canonical form"},
		"twice in trailer":      {`"pairs":3,`, `"pairs":3,"pairs":3,`, "trailer: not in canonical form"},
		"blank in trailer":      {`"pairs":3,`, `"pairs":3, `, "trailer: not in canonical form"},
		"leading zero":          {`"pairs":3,`, `"pairs":03,`, "trailer: not in canonical form"},
		"missing in trailer":    {`"bytes":100,`, ``, "trailer: not in canonical form"},
		"other case":            {`"pairs":3,`, `"Pairs":3,`, "trailer: not in canonical form"},
		"other order":           {`"pairs":3,"rows":7,`, `"rows":7,"pairs":3,`, "trailer: not in canonical form"},
		"other pairs":           {`"pairs":3`, `"pairs":4`, "trailer does not match the data"},
		"other rows":            {`"rows":7`, `"rows":8`, "trailer does not match the data"},
		"other bytes":           {`"bytes":100`, `"bytes":101`, "trailer does not match the data"},
		"no list of parts":      {wellFormed[strings.Index(wellFormed, `[{"name"`):], `null`, "trailer: not in canonical form"},
		"rows of a part":        {`"name":"f","rows":3`, `"name":"f","rows":4`, "groups have 7 rows, parts have 8"},
		"rows that wrap":        {`"rows":3,"bytes":40`, `"rows":18446744073709551615,"bytes":40`, "too many rows or bytes to count"},
		"bytes that wrap":       {`"rows":3,"bytes":40`, `"rows":3,"bytes":18446744073709551615`, "too many rows or bytes to count"},
		"bad rows":              {`"verified":"rows"`, `"verified":"rows","bad_rows":7`, "trailer: not in canonical form"},
		"more lines than rows":  {`"verified":"rows"`, `"verified":"rows","multiline_rows":2`, "part 3: "},
		"a word for no proof":   {`"verified":"rows"`, `"verified":"columns"`, "trailer: not in canonical form"},
		"proof as a number":     {`"verified":"rows"`, `"verified":2`, "trailer: not in canonical form"},
		"negative entry":        {`"rows":1,"bytes":5`, `"entry":-1,"rows":1,"bytes":5`, "part 2: negative plan entry"},
		"entries out of order":  {`"rows":3,"bytes":40`, `"entry":1,"rows":3,"bytes":40`, "part 2: not in the order of the plan"},
		"no attempt":            {`"attempts":2`, `"attempts":0`, "part 3: invalid number of attempts: 0"},
		"name not UTF-8":        {`"name":"x/d1"`, "\"name\":\"\xff\"", "trailer: not in canonical form"},
		"name twice":            {`"name":"x/d2"`, `"name":"x/d1"`, "parts 3 and 4 have the same name"},
		"name of a range":       {`"name":"x/d1"`, `"name":"f"`, "parts 2 and 3 have the same name"},
		"download twice":        {`"download":"d2"`, `"download":"d1"`, "parts 3 and 4 are the same download"},
		"download of no id":     {`"download":"d1",`, `"download":"",`, "trailer: not in canonical form"},
		"range of a download":   {`"name":"f","rows":1,`, `"name":"f","download":"d3","rows":1,`, "part 2: download with a byte range"},
		"a range as null":       {`"verified":"rows"`, `"verified":"rows","range":null`, "trailer: not in canonical form"},
		"unknown in range":      {`"size":100}},{"name":"x/d1"`, `"size":100,"x":1}},{"name":"x/d1"`, "trailer: not in canonical form"},
		"range before 0":        {`"from":0,`, `"from":-1,`, "part 1: invalid byte range"},
		"an empty range":        {`"from":60,"to":90,`, `"from":90,"to":90,`, "part 2: invalid byte range"},
		"a range backwards":     {`"from":60,"to":90,`, `"from":91,"to":90,`, "part 2: invalid byte range"},
		"a range past the end":  {`"from":60,"to":90,`, `"from":60,"to":101,`, "part 2: invalid byte range"},
		"first record not at 0": {`"start":0,`, `"start":1,`, "part 1: invalid start of the byte range"},
		"record before From":    {`"start":61,`, `"start":60,`, "part 2: invalid start of the byte range"},
		"End before To":         {`"end":55,`, `"end":50,`, "part 1: invalid end of the byte range"},
		"End before Start":      {`"start":61,"end":95,`, `"start":96,"end":95,`, "part 2: invalid end of the byte range"},
		"End past the end":      {`"end":95,`, `"end":101,`, "part 2: invalid end of the byte range"},
		"first record after To": {`"start":61,"end":95,`, `"start":91,"end":95,`, "part 2: rows in a byte range without records"},
		"rows and no record":    {`"to":90,"start":61,"end":95,`, `"to":97,"start":97,"end":97,`, "part 2: invalid end of the byte range"},
		"rows in no record":     {`"to":90,"start":61,"end":95,`, `"to":100,"start":100,"end":100,`, "part 2: rows in a byte range without records"},
		"ranges that touch":     {`"from":60,`, `"from":50,`, "parts 1 and 2 have the same name"},
		"ranges that overlap":   {`"from":60,`, `"from":40,`, "parts 1 and 2 have the same name"},
		"ranges of two sizes":   {`"size":100}},{"name":"x/d1"`, `"size":101}},{"name":"x/d1"`, "parts 1 and 2 have the same name"},
	} {
		text := signed(replaced(t, wellFormed, c.old, c.new))
		checkRefused(t, name, text, c.want)
	}
	text := signed(wellFormed)
	checkRefused(t, "another checksum", replaced(t, text, `"verified":"rows"`, `"verified":"none"`), "checksum mismatch")
	checkRefused(t, "checksum in capitals", text[:len(text)-67]+strings.ToUpper(text[len(text)-67:]), "checksum mismatch")
	checkRefused(t, "no comma before the checksum", strings.TrimSuffix(signed(wellFormed+" "), "\n")+"\n", "trailer: not in canonical form")
	checkRefused(t, "no checksum", wellFormed+"}\n", "missing checksum")
	checkRefused(t, "checksum alone", wellFormed[:strings.Index(wellFormed, `{"pairs"`)]+"{\n", "missing checksum")
	checkRefused(t, "no line feed at the end", text[:len(text)-1], "unexpected end of file")
	checkRefused(t, "data after the trailer", text+"\n", "data after the trailer")
	checkRefused(t, "no trailer", wellFormed[:strings.Index(wellFormed, `{"pairs"`)], "unexpected end of file")
}

// checkRefused asserts that a partial result is refused for one reason, however
// it is read.
func checkRefused(t *testing.T, name, text, want string) {
	t.Helper()
	_, err := rewritten(text)
	if !errors.Is(err, partial.ErrCorrupt) && !errors.Is(err, partial.ErrVersion) || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: got %v, want %q", name, err, want)
	}
	if _, r, err := partial.Read(strings.NewReader(text)); r != nil || err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: read as a report: got %v, want %q", name, err, want)
	}
}

// The result of an empty shard holds no data, since merges do not read it.
func TestEmptyShard(t *testing.T) {
	const head = `{"fastcount":"partial result","version":3,"job":"w","label":"u","total":40,"shards":50}` + "\n"
	text := signed(head + `{"pairs":0,"rows":0,"bytes":0,"parts":[]`)
	if again, err := rewritten(text); err != nil || again != text {
		t.Errorf("got %v\n%s", err, again)
	}
	const part = `{"name":"n","rows":0,"bytes":0,"raw_bytes":0,"attempts":1,"verified":"none"}`
	checkRefused(t, "a part", signed(head+`{"pairs":0,"rows":0,"bytes":0,"parts":[`+part+`]`), "empty shard")
	checkRefused(t, "a pair", signed(head+"1:a,1:x,2\n"+`{"pairs":1,"rows":2,"bytes":0,"parts":[]`), "empty shard")
}

// A line without an end is not read without limit.
func TestLineTooLong(t *testing.T) {
	const head = `{"fastcount":"partial result","version":3,"job":"w","label":"u"}` + "\n"
	for name, text := range map[string]string{"header": "{", "trailer": head + "{"} {
		endless := io.MultiReader(strings.NewReader(text), strings.NewReader(strings.Repeat("x", 64<<20)+"\n"))
		if _, _, err := partial.Read(endless); !errors.Is(err, partial.ErrCorrupt) || !strings.Contains(err.Error(), "line too long") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// The writer refuses what the reader would refuse.
func TestWriterConditions(t *testing.T) {
	for name, h := range map[string]partial.Header{
		"job not UTF-8":   {Job: "\xff"},
		"label not UTF-8": {Label: "\xff"},
		"negative total":  {Total: -1},
		"header too long": {Label: strings.Repeat("u", 64<<20)},
	} {
		var b bytes.Buffer
		if _, err := partial.NewWriter(&b, h); !errors.Is(err, partial.ErrCorrupt) || b.Len() > 0 {
			t.Errorf("%s: got %v", name, err)
		}
	}
	good := partial.Part{Name: "n", Rows: 1, Attempts: 1}
	for name, change := range map[string]func(p *partial.Part){
		"name is not UTF-8":     func(p *partial.Part) { p.Name = "\xff" },
		"download is not UTF-8": func(p *partial.Part) { p.Download = "\xff" },
		"trailer too long":      func(p *partial.Part) { p.Name = strings.Repeat("n", 64<<20) },
	} {
		w, err := partial.NewWriter(io.Discard, header)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Add([]string{"a", "b"}, 1); err != nil {
			t.Fatal(err)
		}
		bad := good
		change(&bad)
		if err := w.Close([]partial.Part{bad}); !errors.Is(err, partial.ErrCorrupt) {
			t.Errorf("%s: got %v", name, err)
		}
		if err := w.Close([]partial.Part{good}); err != nil {
			t.Errorf("%s: the same without it: %v", name, err)
		}
	}
	w, err := partial.NewWriter(io.Discard, header)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 64<<20)
	for name, err := range map[string]error{
		"not UTF-8":     w.Add([]string{"\xff", "a"}, 1),
		"id too long":   w.Add([]string{long + "x", "a"}, 1),
		"the longest":   w.Add([]string{long, "a"}, 1),
		"sum too large": w.Add([]string{long, "b"}, math.MaxUint64),
	} {
		if errors.Is(err, partial.ErrCorrupt) != (name != "the longest") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A name that is not UTF-8 is written as valid UTF-8.
func TestPartNameThatIsNotUTF8(t *testing.T) {
	r := reportOf(t, export(1, 5))
	r.Parts[0].Name = "a\xff.csv"
	text := string(writePartial(t, r))
	_, back, err := partial.Read(strings.NewReader(text))
	if err != nil || back.Parts[0].Name != "a\uFFFD.csv" {
		t.Errorf("got %v, %v", back, err)
	}
}

// Earlier versions are read, and written as version 3. They have no members of
// later versions.
func TestEarlierVersions(t *testing.T) {
	for version := 1; version <= 2; version++ {
		old := replaced(t, wellFormed, `"version":3`, fmt.Sprintf(`"version":%d`, version))
		if again, err := rewritten(signed(old)); err != nil || again != signed(wellFormed) {
			t.Errorf("got %v\n%s", err, again)
		}
		p, err := partial.NewReader(strings.NewReader(signed(old)))
		if err != nil || p.Header().NoDialect != (version == 1) || p.Header().By != nil {
			t.Errorf("got %v", err)
		}
		for _, member := range []string{"ragged_rows", "comments", "repeated_headers", "skipped_rows"} {
			text := signed(replaced(t, old, `"verified":"rows"`, `"verified":"rows","`+member+`":1`))
			if _, err := rewritten(text); (err == nil) != (version > 1) || err != nil && !strings.Contains(err.Error(), "part 3: members of version 2") {
				t.Errorf("%s: got %v", member, err)
			}
		}
		checkRefused(t, "key columns", signed(replaced(t, old, `"label":"u"`, `"label":"u","by":["a","b"]`)), fmt.Sprintf("header: key columns in version %d", version))
	}
}

// Files that earlier versions of the program wrote are read.
func TestEarlierFiles(t *testing.T) {
	var first *engine.Report
	for version := 1; version <= 3; version++ {
		data, err := os.ReadFile(fmt.Sprintf("testdata/version%d.partial", version))
		if err != nil {
			t.Fatal(err)
		}
		h, r, err := partial.Read(bytes.NewReader(data))
		if err != nil || h.Label != "0/1" || r.Rows != 6 || len(r.Keys[0]) != 3 {
			t.Fatalf("version %d: %+v, %+v, %v", version, h, r, err)
		}
		if !strings.Contains(string(data), fmt.Sprintf(`"version":%d,`, version)) {
			t.Errorf("version %d: the file is of another version", version)
		}
		if first == nil {
			first = r
		}
		if diff := cmp.Diff(first.Counts, r.Counts); diff != "" {
			t.Errorf("version %d: %s", version, diff)
		}
	}
}
