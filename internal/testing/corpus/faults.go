package corpus

import "fastcount/parser"

// Faults maps the kinds of faults in package oracle to the errors of package
// parser.
var Faults = map[string]error{
	"bare quote": parser.ErrBareQuote, "quote": parser.ErrQuote, "unclosed quote": parser.ErrUnclosedQuote,
	"bare CR": parser.ErrBareCR, "field count": parser.ErrFieldCount, "header again": parser.ErrRepeatedHeader,
	"lines": parser.ErrTooManyLines, "byte order mark": parser.ErrByteOrderMark, "encoding": parser.ErrUnsupportedEncoding, "empty": parser.ErrEmptyInput,
	"escape": parser.ErrUnfinishedEscape, "too few": parser.ErrTooFewRecords,
}
