package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"fastcount/engine"
	"fastcount/parser"
)

// inputOf returns a header, rows that hold each column name as an id, enough
// rows for the fused path, one record, and more rows. row makes a row of a
// patient id and an event type. It also returns the line of the record.
func inputOf(header, record string, names [2]string, row func(patient, event string) string) (data []byte, line int64) {
	var b bytes.Buffer
	b.WriteString(header)
	b.WriteString(row(names[0], "bp") + row("P1", names[1]) + row(names[1], "bp") + row("P1", names[0]))
	rows := func() {
		for i := range 8000 {
			b.WriteString(row(fmt.Sprint("P", i%7), []string{"bp", "hr"}[i%2]))
		}
	}
	rows()
	line = int64(bytes.Count(b.Bytes(), []byte{'\n'})) + 1
	b.WriteString(record)
	rows()
	return b.Bytes(), line
}

// A repeated header is refused at its line although both names have been ids
// before, also on the fused path, in each layout of columns.
func TestRepeatedHeader(t *testing.T) {
	names := [2]string{"subject", "kind"}
	narrow := func(p, e string) string { return p + ",2025-08-26T00:00:00Z," + e + ",71\n" }
	wide := func(p, e string) string { return "a,b," + p + ",c,d," + e + ",f\n" }
	exchanged := func(p, e string) string { return e + ",x,y," + p + "\n" }
	quoted := func(p, e string) string { return `"` + p + `","2025","` + e + "\",\"71\"\r\n" }
	for name, tt := range map[string]struct {
		header, record string
		row            func(p, e string) string
		want           error
	}{
		"the same":              {"subject,time,kind,value\n", "subject,time,kind,value\n", narrow, parser.ErrRepeatedHeader},
		"another value":         {"subject,time,kind,value\n", "subject,time,kind,val\n", narrow, parser.ErrRepeatedHeader},
		"upper case and blanks": {"subject,time,kind,value\n", "SUBJECT ,time,\tKind,value\n", narrow, parser.ErrRepeatedHeader},
		"quoted":                {"subject,time,kind,value\n", "\"subject\",time,\"kind\",\"value\"\n", narrow, parser.ErrRepeatedHeader},
		"exchanged names":       {"subject,time,kind,value\n", "kind,time,subject,value\n", narrow, parser.ErrRepeatedHeader},
		"byte order mark":       {"subject,time,kind,value\n", "\ufeffsubject,time,kind,value\n", narrow, parser.ErrByteOrderMark},
		"mark before a row":     {"subject,time,kind,value\n", "\ufeffP1,2025,bp,71\n", narrow, parser.ErrByteOrderMark},
		"mark in quotes":        {"subject,time,kind,value\n", "\"\ufeffsubject\",time,kind,value\n", narrow, parser.ErrRepeatedHeader},
		"wide":                  {wide("subject", "kind"), wide("subject", "Kind"), wide, parser.ErrRepeatedHeader},
		"wide, byte order mark": {wide("subject", "kind"), "\ufeff" + wide("P1", "bp"), wide, parser.ErrByteOrderMark},
		"event type first":      {exchanged("subject", "kind"), exchanged("SUBJECT", "kind"), exchanged, parser.ErrRepeatedHeader},
		"event type first, byte order mark": {exchanged("subject", "kind"), "\ufeff" + exchanged("P1", "bp"), exchanged,
			parser.ErrByteOrderMark},
		"all quoted": {quoted("subject", "kind"), quoted("subject", "KIND"), quoted, parser.ErrRepeatedHeader},
	} {
		t.Run(name, func(t *testing.T) {
			data, line := inputOf(tt.header, tt.record, names, tt.row)
			for _, cfg := range []engine.Config{{}, {Jobs: 3, RangeSize: 10_000}, {Jobs: 2, RangeSize: 700}, {BufferSize: 1000}} {
				cfg.Patient, cfg.Event = parser.Selector{Name: "subject"}, parser.Selector{Name: "kind"}
				checkRefusedAt(t, data, cfg, tt.want, line)
			}
			good := bytes.Replace(data, []byte(tt.record), nil, 1)
			if strings.HasPrefix(string(data), tt.record) {
				good = slices.Concat([]byte(tt.header), bytes.ReplaceAll(data, []byte(tt.record), nil))
			}
			r, err := engine.Run(t.Context(), []engine.Part{plain{memory{"a", good}}},
				engine.Config{Patient: parser.Selector{Name: "subject"}, Event: parser.Selector{Name: "kind"}})
			if err != nil || r.Rows != 16004 {
				t.Errorf("without the record: %v", err)
			}
		})
	}
}

func checkRefusedAt(t *testing.T, data []byte, cfg engine.Config, want error, line int64) {
	t.Helper()
	r, err := engine.Run(t.Context(), []engine.Part{plain{memory{"a", data}}}, cfg)
	var s *parser.SyntaxError
	if !errors.Is(err, want) || !errors.As(err, &s) || s.Line != line {
		t.Errorf("%d jobs, ranges of %d: got %v, %+v, want %v on line %d", cfg.Jobs, cfg.RangeSize, err, r, want, line)
	}
}

// A header whose patient column has no name is recognised by all its fields.
func TestRepeatedHeaderWithAnEmptyName(t *testing.T) {
	row := func(p, e string) string { return p + ",2025," + e + ",71\n" }
	data, line := inputOf(",time,kind,value\n", ",time,kind,value\n", [2]string{"", "kind"}, row)
	for _, cfg := range []engine.Config{{}, {Jobs: 3, RangeSize: 10_000}} {
		cfg.Patient, cfg.Event = parser.Selector{Number: 1}, parser.Selector{Name: "kind"}
		checkRefusedAt(t, data, cfg, parser.ErrRepeatedHeader, line)
	}
}

// The name of one key column, empty names, and names of other columns are data.
func TestNoRepeatedHeader(t *testing.T) {
	for name, tt := range map[string]struct {
		input          string
		patient, event parser.Selector
	}{
		"one column twice": {"id,x\nP1,1\nID,2\n", parser.Selector{Number: 1}, parser.Selector{Number: 1}},
		"empty names":      {",,x\n,,1\nP1,bp,2\n", parser.Selector{Number: 1}, parser.Selector{Number: 2}},
		"other columns":    {"id,kind,x\nx,x,1\npatient_id,event_type,2\n", parser.Selector{Number: 1}, parser.Selector{Number: 2}},
		"one name":         {"id,kind,x\nid,x,1\nx,kind,2\nid,bp,3\n", parser.Selector{Number: 1}, parser.Selector{Number: 2}},
		"another file's":   {"patient_id,event_type\nid,kind\n", parser.Selector{Number: 1}, parser.Selector{Number: 2}},
	} {
		text := []byte("id,kind\nP1,bp\nP1,hr\nP2,bp\nP2,hr\n")
		part, before, after := memory{"a", []byte(tt.input)}, memory{"b", text}, memory{"c", text}
		for _, parts := range [][]engine.Part{{part, before, after}, {before, part, after}} {
			r, err := engine.Run(t.Context(), parts, engine.Config{Patient: tt.patient, Event: tt.event})
			if want := uint64(strings.Count(tt.input, "\n") + 7); err != nil || r.Rows != want {
				t.Errorf("%s: got %v", name, err)
			}
		}
	}
}

// With NoHeader, a record with the default names is a header row at any place.
func TestHeaderWithNoHeader(t *testing.T) {
	row := func(p, e string) string { return p + ",2025," + e + ",71\n" }
	names := [2]string{"patient_id", "event_type"}
	data, line := inputOf("", "Patient_ID,time,event_type,value\n", names, row)
	first := []byte("patient_id,event_time,event_type,value\nP1,1,hr,60\n")
	for _, cfg := range []engine.Config{{}, {Jobs: 3, RangeSize: 10_000}} {
		cfg.Dialect.NoHeader = true
		checkRefusedAt(t, data, cfg, parser.ErrUnexpectedHeader, line)
		checkRefusedAt(t, first, cfg, parser.ErrUnexpectedHeader, 1)
		checkRefusedAt(t, append([]byte("\ufeff"), first...), cfg, parser.ErrUnexpectedHeader, 1)
		checkRefusedAt(t, []byte("P1,1,hr,60\n\ufeffP1,1,hr,60\n"), cfg, parser.ErrByteOrderMark, 2)
		cfg.Event = parser.Selector{Number: 4}
		if _, err := engine.Run(t.Context(), []engine.Part{memory{"a", first}}, cfg); err != nil {
			t.Error(err)
		}
	}
}

// Of a repeated header and an id that cannot be counted, the first one in the
// input is reported, regardless of the blocks.
func TestRepeatedHeaderAndBadID(t *testing.T) {
	const header = "patient_id,event_type\n"
	again, bad := "Patient_ID,event_type\n", "P1,\xff\n"
	for _, size := range []int{1, 50, 0} {
		cfg := engine.Config{BufferSize: size}
		checkRefusedAt(t, []byte(header+"P1,bp\n"+again+bad), cfg, parser.ErrRepeatedHeader, 3)
		checkRefusedAt(t, []byte(header+"P1,bp\n"+bad+again), cfg, parser.ErrInvalidUTF8, 3)
	}
}

// Many spellings of a column name as ids cost no more than other ids, and are
// not a header by themselves.
func TestManySpellings(t *testing.T) {
	var b strings.Builder
	b.WriteString("patient_id,event_type\n")
	for i := range 2000 {
		fmt.Fprintf(&b, "%spatient_id%s,bp\n", strings.Repeat(" ", i%50), strings.Repeat("\t", i/50))
	}
	good := b.String()
	r, err := engine.Run(t.Context(), []engine.Part{memory{"a", []byte(good)}}, engine.Config{})
	if err != nil || len(r.Keys[0]) != 2000 {
		t.Fatal(err)
	}
	checkRefusedAt(t, []byte(good+"P1,event_type\n"+strings.Repeat(" ", 49)+"patient_id ,event_type\n"), engine.Config{}, parser.ErrRepeatedHeader, 2003)
}

// If a range begins with a byte order mark, that is its first record, and the
// error is reported there.
func TestShareThatBeginsWithAByteOrderMark(t *testing.T) {
	data := []byte("patient_id,event_type\nP1,bp\n\ufeffP2,hr\nP3,hr\n")
	at := int64(bytes.Index(data, []byte("\ufeffP2")))
	for from := at - 5; from < at; from++ {
		part := share{plain{memory{"a", data}}, from, int64(len(data))}
		_, err := engine.Run(t.Context(), []engine.Part{part}, engine.Config{})
		var s *parser.SyntaxError
		if !errors.Is(err, parser.ErrByteOrderMark) || !errors.As(err, &s) || s.Offset != at {
			t.Errorf("from byte %d: got %v, want one at byte %d", from, err, at)
		}
	}
}
