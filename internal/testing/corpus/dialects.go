package corpus

import (
	"strings"

	"fastcount/parser"
)

// DialectCases returns cases in dialects other than the default. They have the
// columns patient_id and event_type.
func DialectCases() []Case {
	one := []Row{{"P1", "bp"}}
	two := []Row{{"P1", "bp"}, {"P2", "hr"}}
	tsv := strings.ReplaceAll(head, ",", "\t")
	return []Case{
		{Name: "no quotes", Dialect: parser.Dialect{NoQuote: true}, Input: head + "P1,bp,5\" tube\nP2,hr,\"a\n", Rows: two},
		{Name: "no quotes, quoted ids", Dialect: parser.Dialect{NoQuote: true}, Input: head + "\"P1\",bp,1\nP2,\"hr,1\n", Rows: []Row{{`"P1"`, "bp"}, {"P2", `"hr`}}},
		{Name: "single quotes", Dialect: parser.Dialect{Quote: '\''}, Input: head + "'P1',bp,'a,\n''b'''\nP2,hr,\"\n", Rows: two, Multiline: 1},
		{Name: "single quotes, a bare one", Dialect: parser.Dialect{Quote: '\''}, Input: head + "P1,b'p,\n", Err: parser.ErrBareQuote, At: Place{32, 2, 5}},

		{Name: "escape", Dialect: parser.Dialect{Escape: '\\'}, Input: head + "\"P1\",\"bp\",\"a\\\"\\\\\"\nP2,hr,\\\"\"\n", Err: parser.ErrBareQuote, At: Place{53, 3, 8}},
		{Name: "escaped quotes", Dialect: parser.Dialect{Escape: '\\'}, Input: head + "\"P\\\"1\",\"b\\\\\",\"d\\\",\\\"e\\\",\"\nP2,\"h\\\nr\",\"\\N\"\n", Rows: []Row{{`P"1`, `b\`}, {"P2", "h\nr"}}, Multiline: 1},
		{Name: "escape outside quotes", Dialect: parser.Dialect{Escape: '\\'}, Input: head + "P\\1,\\N,\\\n", Rows: []Row{{`P\1`, `\N`}}},
		{Name: "escape without quotes", Dialect: parser.Dialect{NoQuote: true, Escape: '\\'}, Input: head + "P\\,1,\\N,a\\\nb\n\\P2,h\\\\r,\"\n", Rows: []Row{{"P,1", `\N`}, {"P2", `h\r`}}, Multiline: 1},
		{Name: "escape at the end", Dialect: parser.Dialect{NoQuote: true, Escape: '\\'}, Input: head + "P1,bp,1\nP2,hr,\\", Err: parser.ErrUnfinishedEscape, At: Place{42, 3, 7}},
		{Name: "escaped line feed at the end", Dialect: parser.Dialect{NoQuote: true, Escape: '\\'}, Input: head + "P2,hr,\\\n", Err: parser.ErrUnfinishedEscape, At: Place{34, 2, 7}},

		{Name: "comments", Dialect: parser.Dialect{Comment: "#"}, Input: "# device \"7\n" + head + "P1,bp,1\n#P1,bp,1\r\n\nP2,hr,#\n#", Rows: two, Stats: parser.Stats{Comments: 3}},
		{Name: "comment of two bytes", Dialect: parser.Dialect{Comment: "//"}, Input: "//\n" + head + "/P1,bp,1\n//P1,bp,1\n", Rows: []Row{{"/P1", "bp"}}, Stats: parser.Stats{Comments: 2}},
		{Name: "CR in a comment", Dialect: parser.Dialect{Comment: "#"}, Input: head + "#a\rP1,bp,1\n", Err: parser.ErrBareCR, At: Place{30, 2, 3}},
		{Name: "comment inside quotes", Dialect: parser.Dialect{Comment: "#"}, Input: head + "P1,bp,\"\n#\"\nP2,hr,\n", Rows: two, Multiline: 1},
		{Name: "byte order mark after a comment", Dialect: parser.Dialect{Comment: "#"}, Input: head + "#\n" + mark + "P1,bp,1\n", Err: parser.ErrByteOrderMark, At: Place{30, 3, 1}},

		{Name: "delimiter of two bytes", Dialect: parser.Dialect{Delimiter: "||"}, Input: "patient_id||event_type||value\nP1||bp||\"||\"\nP2||hr|||\n", Rows: two},
		{Name: "delimiter that overlaps itself", Dialect: parser.Dialect{Delimiter: "||"}, Input: "patient_id||event_type||value\nP1||bp|||||\n", Err: parser.ErrFieldCount, At: Place{30, 2, 1}},
		{Name: "delimiter cut in two after a quote", Dialect: parser.Dialect{Delimiter: "||"}, Input: "patient_id||event_type\n\"P1\"|\n", Err: parser.ErrQuote, At: Place{26, 2, 4}},
		{Name: "tab", Dialect: parser.Dialect{Delimiter: "\t"}, Input: tsv + "P1\tbp\t\nP2\thr\t,\n", Rows: two},
		{Name: "delimiter that is not ASCII", Dialect: parser.Dialect{Delimiter: "¦"}, Input: strings.ReplaceAll(head, ",", "¦") + "P1¦bp¦\nP2¦hr¦\xc2\n", Rows: two},

		{Name: "trim", Dialect: parser.Dialect{Trim: true}, Input: " patient_id ,\tevent_type,value\n P1, \"bp\" ,1 \r\nP2\t,hr , \n", Rows: two},
		{Name: "trim keeps blanks inside quotes", Dialect: parser.Dialect{Trim: true}, Input: head + "\" P1\",  \"bp \"  ,1\n", Rows: []Row{{" P1", "bp "}}},
		{Name: "trim with tabs", Dialect: parser.Dialect{Trim: true, Delimiter: "\t"}, Input: tsv + " P1 \tbp\t\nP2\t hr \t\n", Rows: two},
		{Name: "trim, text after a quote", Dialect: parser.Dialect{Trim: true}, Input: head + "\"P1\" x,bp,1\n", Err: parser.ErrQuote, At: Place{31, 2, 4}},
		{Name: "trim and the header again", Dialect: parser.Dialect{Trim: true}, Input: head + "P1,bp,1\npatient_id, event_type ,value\n", Err: parser.ErrRepeatedHeader, At: Place{36, 3, 1}},
		{Name: "trim and escape", Dialect: parser.Dialect{Trim: true, NoQuote: true, Escape: '\\'}, Input: head + " P1\\ , bp ,\nP2,hr\\\\ ,\n", Rows: []Row{{"P1 ", "bp"}, {"P2", `hr\`}}},

		{Name: "ragged", Dialect: parser.Dialect{Ragged: true}, Input: head + "P1,bp\nP2,hr,1,\n", Rows: two, Stats: parser.Stats{Ragged: 2}},
		{Name: "ragged, too short", Dialect: parser.Dialect{Ragged: true}, Input: head + "P1,bp\nP2\n", Err: parser.ErrFieldCount, At: Place{34, 3, 1}},

		{Name: "lines before the header", Dialect: parser.Dialect{SkipLines: 2}, Input: mark + "a \"title\r\n\n" + head + "P1,bp,1\n", Rows: one},
		{Name: "too few lines before the header", Dialect: parser.Dialect{SkipLines: 2}, Input: head[:5], Err: parser.ErrTooFewRecords, At: Place{5, 1, 6}},
		{Name: "rows after the header", Dialect: parser.Dialect{SkipRows: 2}, Input: head + "---\n\n\"a\n\",b,c,d\nP1,bp,1\n", Rows: one, Stats: parser.Stats{SkippedRows: 2}},
		{Name: "too few rows after the header", Dialect: parser.Dialect{SkipRows: 2}, Input: head + "P1,bp,1\n", Err: parser.ErrTooFewRecords, At: Place{36, 3, 1}},
		{Name: "footer", Dialect: parser.Dialect{SkipFooter: 2}, Input: head + "P1,bp,1\nP2,hr,1\n\"T\n\"\n\nT,2", Rows: two, Stats: parser.Stats{SkippedRows: 2}},
		{Name: "footer, nothing else", Dialect: parser.Dialect{SkipFooter: 2}, Input: head + "P1,bp,1\nP2,hr,1\n", Stats: parser.Stats{SkippedRows: 2}},
		{Name: "footer missing", Dialect: parser.Dialect{SkipFooter: 2}, Input: head + "P1,bp,1\n", Err: parser.ErrTooFewRecords, At: Place{36, 3, 1}},
		{Name: "footer and a bad row", Dialect: parser.Dialect{SkipFooter: 1}, Input: head + "P1,bp,1\nP2,hr\nP1,bp,1\nT\n", Err: parser.ErrFieldCount, At: Place{36, 3, 1}},

		{Name: "names", Dialect: parser.Dialect{Names: []string{"event_type", "patient_id"}}, Input: "bp,P1\nhr,P2\n", Rows: two},
		{Name: "names that are the header", Dialect: parser.Dialect{Names: []string{"event_type", "patient_id"}}, Input: "event_type,patient_id\nbp,P1\nhr,P2\n", Rows: two},
		{Name: "names that are the header, twice", Dialect: parser.Dialect{Names: []string{"event_type", "patient_id"}}, Input: "event_type,patient_id\nevent_type,patient_id\n", Err: parser.ErrRepeatedHeader, At: Place{22, 2, 1}},
		{Name: "too few names", Dialect: parser.Dialect{Names: []string{"event_type", "patient_id"}}, Input: "bp,P1,x\n", Err: parser.ErrFieldCount, At: Place{0, 1, 1}},

		{Name: "repeated headers", Dialect: parser.Dialect{SkipRepeatedHeaders: true}, Input: head + "P1,bp,1\n" + head + "P2,hr,2\n Patient_ID,EVENT_TYPE ,\n", Rows: two, Stats: parser.Stats{RepeatedHeaders: 2}},
		{Name: "repeated headers of another order", Dialect: parser.Dialect{SkipRepeatedHeaders: true}, Input: head + "P1,bp,1\nevent_type,patient_id,\n", Rows: []Row{{"P1", "bp"}, {"event_type", "patient_id"}},
			CountErr: parser.ErrRepeatedHeader, CountAt: Place{36, 3, 1}},
		{Name: "empty input", Dialect: parser.Dialect{SkipEmpty: true}, Stats: parser.Stats{EmptyInputs: 1}},
		{Name: "only a byte order mark is not empty", Dialect: parser.Dialect{SkipEmpty: true}, Input: mark, Err: parser.ErrEmptyInput, At: Place{3, 1, 1}},
	}
}
