// Package corpus holds the inputs that tests, fuzz targets and benchmarks
// share: CSV with a known meaning, generators, and readers that hand bytes over
// in awkward ways.
package corpus

import (
	"strings"

	"fastcount/parser"
)

// Case is an input with columns patient_id and event_type, or one that should
// have had them, and what it means.
type Case struct {
	Name  string
	Input string
	Rows  []Row // if Err is nil
	Err   error // which of parser's errors it is refused with
	At    Place // where; the zero Place if the case does not specify it

	// CountErr is which error counting is refused with, at CountAt, although
	// all records can be read.
	CountErr error
	CountAt  Place

	Multiline int // records that span lines

	Dialect parser.Dialect
	Stats   parser.Stats // of a dialect, without Multiline
}

// Row is the patient and the event type of one record.
type Row [2]string

// Place is a position in an input, as in parser.SyntaxError.
type Place struct{ Offset, Line, Column int }

const mark = "\xef\xbb\xbf"

const head = "patient_id,event_type,value\n"

// Cases returns one case or more for each line of the table "what CSV means
// here".
func Cases() []Case {
	one := []Row{{"P1", "bp"}}
	two := []Row{{"P1", "bp"}, {"P2", "hr"}}
	long := strings.Repeat("x", 3000)
	return []Case{
		{Name: "LF", Input: head + "P1,bp,1\nP2,hr,2\n", Rows: two},
		{Name: "CRLF", Input: crlf(head + "P1,bp,1\nP2,hr,2\n"), Rows: two},
		{Name: "mixed line ends", Input: head + "P1,bp,1\r\nP2,hr,2\n", Rows: two},
		{Name: "last line without a newline", Input: head + "P1,bp,1\nP2,hr,2", Rows: two},
		{Name: "CR at the very end", Input: head + "P1,bp,1\nP2,hr,2\r", Rows: two},
		{Name: "CR as the last line", Input: head + "P1,bp,1\n\r", Rows: one},

		{Name: "bare CR in a field", Input: head + "P1,b\rp,1\n", Err: parser.ErrBareCR, At: Place{32, 2, 5}},
		{Name: "bare CR after a quoted field", Input: head + "P1,bp,\"1\"\rx\n", Err: parser.ErrBareCR, At: Place{37, 2, 10}},
		{Name: "CR CR LF", Input: head + "P1,bp,1\r\r\n", Err: parser.ErrBareCR, At: Place{35, 2, 8}},
		{Name: "CR-only file", Input: strings.ReplaceAll(head+"P1,bp,1\n", "\n", "\r"), Err: parser.ErrBareCR, At: Place{27, 1, 28}},

		{Name: "bare quote", Input: head + "P1,b\"p,1\n", Err: parser.ErrBareQuote, At: Place{32, 2, 5}},
		{Name: "space before a quote", Input: head + "P1, \"bp\",1\n", Err: parser.ErrBareQuote, At: Place{32, 2, 5}},
		{Name: "text after a quoted field", Input: head + "P1,\"bp\"x,1\n", Err: parser.ErrQuote, At: Place{34, 2, 7}},
		{Name: "space after a quoted field", Input: head + "P1,\"bp\" ,1\n", Err: parser.ErrQuote, At: Place{34, 2, 7}},
		{Name: "backslash is no escape", Input: head + "P1,\"b\\\"p\",1\n", Err: parser.ErrQuote, At: Place{34, 2, 7}},
		{Name: "unclosed quote", Input: head + "P1,bp,1\nP2,\"hr,2\nP3,hr,3\n", Err: parser.ErrUnclosedQuote, At: Place{39, 3, 4}},
		{Name: "a quote as the last byte", Input: head + "P1,bp,\"", Err: parser.ErrUnclosedQuote, At: Place{34, 2, 7}},

		{Name: "quoted comma", Input: head + "\"P,1\",bp,1\n", Rows: []Row{{"P,1", "bp"}}},
		{Name: "quoted newline", Input: head + "\"P\n1\",bp,\"\n\"\nP2,hr,2\n", Rows: []Row{{"P\n1", "bp"}, {"P2", "hr"}}, Multiline: 1},
		{Name: "CRLF inside quotes is kept", Input: head + "\"P\r\n1\",bp,1\r\n", Rows: []Row{{"P\r\n1", "bp"}}, Multiline: 1},
		{Name: "CR inside quotes is data", Input: head + "\"P\r1\",bp,1\n", Rows: []Row{{"P\r1", "bp"}}},
		{Name: "doubled quotes", Input: head + "\"P\"\"1\"\"\",\"\"\"\",\"\"\n", Rows: []Row{{`P"1"`, `"`}}},
		{Name: "doubled quotes next to line feeds", Input: head + "\"\"\"\n\",bp,1\nP2,hr,\"\n\"\"\"\nP1,bp,3\n", Rows: []Row{{"\"\n", "bp"}, {"P2", "hr"}, {"P1", "bp"}}, Multiline: 2},
		{Name: "two line feeds in a field, then two in a record", Input: head + "P1,bp,\"\n\n\"\n\"P2\",\"hr\",\"\"\n\"\nP\",hr,\"\n\"\n", Rows: []Row{{"P1", "bp"}, {"P2", "hr"}, {"\nP", "hr"}}, Multiline: 2},
		{Name: "a header that spans lines", Input: "patient_id,event_type,\"a\nvalue\"\nP1,bp,1\n", Rows: one},
		{Name: "everything quoted", Input: "\"patient_id\",\"event_type\",\"value\"\r\n\"P1\",\"bp\",\"1\"\r\n\"P2\",\"hr\",\"\"\r\n", Rows: two},
		{Name: "quoted field as the last without a newline", Input: head + "P1,bp,\"1\"", Rows: one},
		{Name: "quoted field, CR at the very end", Input: head + "P1,bp,\"1\"\r", Rows: one},

		{Name: "empty lines", Input: "\n\r\n" + head + "\n\nP1,bp,1\n\r\nP2,hr,2\n\n", Rows: two},
		{Name: "a line of spaces", Input: head + "P1,bp,1\n   \n", Err: parser.ErrFieldCount, At: Place{36, 3, 1}},
		{Name: "too few fields", Input: head + "P1,bp,1\nP2,hr\n", Err: parser.ErrFieldCount, At: Place{36, 3, 1}},
		{Name: "too many fields", Input: head + "P1,bp,1\nP2,hr,2,3\n", Err: parser.ErrFieldCount, At: Place{36, 3, 1}},
		{Name: "trailing comma", Input: head + "P1,bp,1,\n", Err: parser.ErrFieldCount, At: Place{28, 2, 1}},
		{Name: "too few and too many that add up", Input: head + "P1,bp\nP2,hr,2,3\n", Err: parser.ErrFieldCount, At: Place{28, 2, 1}},

		{Name: "NUL, #, Ctrl-Z, U+2028 are data", Input: head + "#P\x00,\x1a,1\n\u2028,hr,2\n", Rows: []Row{{"#P\x00", "\x1a"}, {"\u2028", "hr"}}},
		{Name: "empty ids", Input: head + ",,\n\"\",hr,1\n", Rows: []Row{{"", ""}, {"", "hr"}}},
		{Name: "ids are bytes", Input: head + " P1 ,BP,1\np1,Ñ,1\n", Rows: []Row{{" P1 ", "BP"}, {"p1", "Ñ"}}},
		{Name: "invalid UTF-8 in other columns is not looked at", Input: head + "P1,bp,\xff\n", Rows: one},

		{Name: "another order of columns", Input: "value,event_type,x,patient_id\n1,bp,y,P1\n", Rows: one},
		{Name: "columns first and last", Input: "event_type,x,patient_id\r\nbp,,P1\r\nhr,,P2\r\n", Rows: two},
		{Name: "another column twice", Input: "x,patient_id,x,event_type\n1,P1,2,bp\n", Rows: one},
		{Name: "quoted names", Input: "\"patient_id\",event_type\nP1,bp\n", Rows: one},
		{Name: "column missing", Input: "patient,event_type\nP1,bp\n", Err: parser.ErrMissingColumn, At: Place{0, 1, 1}},
		{Name: "names are exact", Input: "patient_id ,event_type\nP1,bp\n", Err: parser.ErrMissingColumn, At: Place{0, 1, 1}},
		{Name: "column twice", Input: "patient_id,event_type,patient_id\nP1,bp,P1\n", Err: parser.ErrDuplicateColumn, At: Place{0, 1, 1}},
		{Name: "the header again", Input: head + "P1,bp,1\n" + head + "P2,hr,2\n", Err: parser.ErrRepeatedHeader, At: Place{36, 3, 1}},
		{Name: "the header again, quoted", Input: head + "\"patient_id\",\"event_type\",value\n", Err: parser.ErrRepeatedHeader, At: Place{28, 2, 1}},
		{Name: "the header again, CRLF", Input: crlf(head + "P1,bp,1\n" + head), Err: parser.ErrRepeatedHeader, At: Place{38, 3, 1}},
		{Name: "the header again, at the end", Input: head + strings.TrimSuffix(head, "\n"), Err: parser.ErrRepeatedHeader, At: Place{28, 2, 1}},
		{Name: "nearly the header again", Input: head + "patient_id,event_type,valuE\n", Rows: []Row{{"patient_id", "event_type"}},
			CountErr: parser.ErrRepeatedHeader, CountAt: Place{28, 2, 1}},
		{Name: "the header again, in another spelling", Input: head + "P1,bp,1\n Patient_ID\t,EVENT_TYPE,x\nP2,hr,2\n", Rows: []Row{{"P1", "bp"}, {" Patient_ID\t", "EVENT_TYPE"}, {"P2", "hr"}},
			CountErr: parser.ErrRepeatedHeader, CountAt: Place{36, 3, 1}},
		{Name: "the header again, its columns exchanged", Input: head + "P1,bp,1\nevent_type,patient_id,x\n", Rows: []Row{{"P1", "bp"}, {"event_type", "patient_id"}},
			CountErr: parser.ErrRepeatedHeader, CountAt: Place{36, 3, 1}},
		{Name: "the header again, a byte order mark in its quotes", Input: head + "\"\xef\xbb\xbfpatient_id\",event_type,x\n", Rows: []Row{{"\xef\xbb\xbfpatient_id", "event_type"}},
			CountErr: parser.ErrRepeatedHeader, CountAt: Place{29, 2, 2}},
		{Name: "the header again, both names seen before", Input: head + "patient_id,bp,1\nP1,event_type,2\nP1,bp,1\npatient_id,event_type,x\nP2,hr,2\n",
			Rows:     []Row{{"patient_id", "bp"}, {"P1", "event_type"}, {"P1", "bp"}, {"patient_id", "event_type"}, {"P2", "hr"}},
			CountErr: parser.ErrRepeatedHeader, CountAt: Place{68, 5, 1}},
		{Name: "the name of one column alone", Input: head + "patient_id,bp,1\nP1,event_type,2\npatient_id,event type,3\nevent_type,bp,4\n",
			Rows: []Row{{"patient_id", "bp"}, {"P1", "event_type"}, {"patient_id", "event type"}, {"event_type", "bp"}}},

		{Name: "byte order mark", Input: "\xef\xbb\xbf" + head + "P1,bp,1\n", Rows: one},
		{Name: "byte order mark, then a quote", Input: "\xef\xbb\xbf\"patient_id\",event_type\nP1,bp\n", Rows: one},
		{Name: "two byte order marks", Input: "\xef\xbb\xbf\xef\xbb\xbf" + head, Err: parser.ErrByteOrderMark, At: Place{3, 1, 1}},
		{Name: "byte order mark after an empty line", Input: "\n" + mark + head, Err: parser.ErrByteOrderMark, At: Place{1, 2, 1}},
		{Name: "files with byte order marks in one", Input: mark + head + "P1,bp,1\n" + mark + head + "P2,hr,2\n", Err: parser.ErrByteOrderMark, At: Place{39, 3, 1}},
		{Name: "byte order mark before a row", Input: head + "P1,bp,1\n" + mark + "P2,hr,2\n", Err: parser.ErrByteOrderMark, At: Place{36, 3, 1}},
		{Name: "byte order mark before a quote", Input: head + "P1,bp,1\n" + mark + "\"P2\",hr,2\n", Err: parser.ErrByteOrderMark, At: Place{36, 3, 1}},
		{Name: "byte order mark before the first row", Input: head + mark + "P2,hr,2\n", Err: parser.ErrByteOrderMark, At: Place{28, 2, 1}},
		{Name: "byte order mark before too few fields", Input: head + mark + "P2\n", Err: parser.ErrByteOrderMark, At: Place{28, 2, 1}},
		{Name: "byte order mark as the last line", Input: crlf(head + "P1,bp,1\n" + mark), Err: parser.ErrByteOrderMark, At: Place{38, 3, 1}},
		{Name: "byte order mark after a quoted row", Input: head + "\"P1\",bp,\"\n\"\n" + mark + "P2,hr,2\n", Err: parser.ErrByteOrderMark, At: Place{40, 4, 1}, Multiline: 1},
		{Name: "byte order mark before another column", Input: "value,event_type,x,patient_id\n1,bp,y,P1\n" + mark + "1,bp,y,P1\n", Err: parser.ErrByteOrderMark, At: Place{40, 3, 1}},
		{Name: "byte order mark that is data", Input: head + "P1," + mark + "bp," + mark + "1\n\"" + mark + "P1\",bp,1\nP1,bp,\"\n" + mark + "P1,bp,1\"\n",
			Rows: []Row{{"P1", mark + "bp"}, {mark + "P1", "bp"}, {"P1", "bp"}}, Multiline: 1},
		{Name: "half a byte order mark", Input: "value,patient_id,event_type\n\xef\xbb,P1,bp\n\xef\xbb\xbe,P2,hr\n", Rows: two},
		{Name: "UTF-16", Input: "\xff\xfep\x00a\x00", Err: parser.ErrUnsupportedEncoding, At: Place{0, 1, 1}},
		{Name: "UTF-32", Input: "\x00\x00\xfe\xff\x00\x00\x00p", Err: parser.ErrUnsupportedEncoding, At: Place{0, 1, 1}},
		{Name: "0 bytes", Input: "", Err: parser.ErrEmptyInput, At: Place{0, 1, 1}},
		{Name: "only empty lines", Input: "\n\r\n\n", Err: parser.ErrEmptyInput, At: Place{4, 4, 1}},
		{Name: "only a byte order mark", Input: "\xef\xbb\xbf", Err: parser.ErrEmptyInput, At: Place{3, 1, 1}},
		{Name: "header alone", Input: head, Rows: nil},
		{Name: "header alone without a newline", Input: strings.TrimSuffix(head, "\n"), Rows: nil},

		{Name: "a last row longer than many buffers", Input: head + "P1,bp,1\nP2,hr," + long, Rows: two},
		{Name: "a quoted comma on bit 63", Input: head + strings.Repeat("y", 59-len(head)+64) + ",bp,\",\"\nP2,hr,2\n", Rows: []Row{{strings.Repeat("y", 59-len(head)+64), "bp"}, {"P2", "hr"}}},
	}
}

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
