package diff

import (
	"errors"
	"fmt"
	"math/big"
	"path"
	"strconv"
	"strings"
)

// Rule allows some differences of two results.
type Rule struct {
	text    string
	subject subject
	kind    string // of the differences of patients or events: new, vanished or changed

	op    string   // =, <= or >=; "" means any number
	limit *big.Rat // what op compares with: a number of values, or percent

	glob     string
	low, top *big.Rat // in percent
}

// subject is what a rule is about.
type subject uint8

const (
	allRows        subject = iota // the total number of rows
	eventTotals                   // the totals of some values of the last key column
	patients                      // values of the first key column
	events                        // values of the last key column
	incompleteMark                // the mark of an incomplete result
)

// String returns the rule as it was written.
func (r Rule) String() string { return r.text }

// Errors of ParseRule. Each describes one form.
var (
	errRule    = errors.New("want rows, event, patients, events or incomplete, such as rows <= 5% or patients:new")
	errRowRule = errors.New("want rows OP N%, such as rows <= 5%; OP is =, <= or >=")
	errRange   = errors.New("want event:GLOB:LO%..HI%, such as event:bp_*:-1%..5%")
	errSwapped = errors.New("want event:GLOB:LO%..HI% with LO at most HI")
	errGlob    = errors.New("want event:GLOB:LO%..HI%, but the glob is malformed")
	errValues  = errors.New("want patients or events, then :new, :vanished or :changed, and possibly OP N, such as patients:new <= 10")
	errMark    = errors.New("want incomplete alone")
	errLong    = errors.New("longer than 1000 bytes")
)

// maxRule is the length in bytes of the longest rule.
const maxRule = 1000

// ParseRule parses a rule:
//
//	rows OP N%
//	event:GLOB:LO%..HI%
//	(patients|events):(new|vanished|changed) [OP N]
//	incomplete
//
// OP is one of = <= >=, N is not negative, and percents may have a fraction.
// Blanks around words are ignored. See [Diff.Check] for the meaning.
func ParseRule(text string) (Rule, error) {
	if len(text) > maxRule {
		return Rule{}, errLong
	}
	r := Rule{text: strings.TrimSpace(text)}
	word, rest := cutWord(r.text)
	var err error
	switch word {
	case "rows":
		err = r.parseRows(rest)
	case "event":
		err = r.parseEvent(rest)
	case "patients":
		r.subject = patients
		err = r.parseValues(rest)
	case "events":
		r.subject = events
		err = r.parseValues(rest)
	case "incomplete":
		r.subject = incompleteMark
		if rest != "" {
			err = errMark
		}
	default:
		err = errRule
	}
	return r, err
}

// cutWord returns the letters that text begins with, and what follows them
// without blanks around it.
func cutWord(text string) (word, rest string) {
	rest = strings.TrimLeft(text, "abcdefghijklmnopqrstuvwxyz")
	return text[:len(text)-len(rest)], strings.TrimSpace(rest)
}

func (r *Rule) parseRows(rest string) (err error) {
	r.subject = allRows
	op, number := cutOperator(rest)
	r.op = op
	if r.limit, err = parsePercent(number); op == "" || err != nil || r.limit.Sign() < 0 || signed(number) {
		return errRowRule
	}
	return nil
}

// parseEvent parses :GLOB:LO%..HI%. A glob may contain colons.
func (r *Rule) parseEvent(rest string) error {
	r.subject = eventTotals
	glob, ok := strings.CutPrefix(rest, ":")
	colon := strings.LastIndexByte(glob, ':')
	if !ok || colon < 0 {
		return errRange
	}
	low, top, ok := strings.Cut(glob[colon+1:], "..")
	glob = glob[:colon]
	if !ok || glob == "" {
		return errRange
	}
	var errs [2]error
	r.low, errs[0] = parsePercent(strings.TrimSpace(low))
	r.top, errs[1] = parsePercent(strings.TrimSpace(top))
	if errors.Join(errs[:]...) != nil {
		return errRange
	}
	if r.low.Cmp(r.top) > 0 {
		return errSwapped
	}
	if r.glob = withoutSlash(glob); !validGlob(r.glob) {
		return errGlob
	}
	return nil
}

func validGlob(glob string) bool {
	_, err := path.Match(glob, "")
	return err == nil
}

// withoutSlash replaces slashes, which have a meaning of their own in
// [path.Match] but none in the values of a key column.
func withoutSlash(text string) string { return strings.ReplaceAll(text, "/", "\x00") }

// matches reports whether a value of the last key column matches the glob.
func (r *Rule) matches(value string) bool {
	ok, _ := path.Match(r.glob, withoutSlash(value)) // the glob is well formed
	return ok
}

func (r *Rule) parseValues(rest string) error {
	after, ok := strings.CutPrefix(rest, ":")
	if !ok {
		return errValues
	}
	r.kind, rest = cutWord(strings.TrimSpace(after))
	switch r.kind {
	case "new", "vanished", "changed":
	default:
		return errValues
	}
	if rest == "" {
		return nil
	}
	op, number := cutOperator(rest)
	n, err := strconv.ParseUint(number, 10, 63)
	if op == "" || err != nil {
		return errValues
	}
	r.op, r.limit = op, new(big.Rat).SetUint64(n)
	return nil
}

// cutOperator returns the operator that text begins with, or "", and what
// follows.
func cutOperator(text string) (op, rest string) {
	for _, op := range []string{"<=", ">=", "="} {
		if rest, ok := strings.CutPrefix(text, op); ok {
			return op, strings.TrimSpace(rest)
		}
	}
	return "", text
}

func signed(number string) bool { return strings.ContainsAny(number, "+-") }

var errNumber = errors.New("not a number")

// maxDigits is the number of bytes of the longest percent.
const maxDigits = 20

// parsePercent parses digits, with a sign and a fraction if there are any, and
// the percent sign.
func parsePercent(text string) (*big.Rat, error) {
	number, ok := strings.CutSuffix(text, "%")
	digits := strings.TrimLeft(number, "+-")
	whole, fraction, point := strings.Cut(digits, ".")
	if !ok || len(number) > maxDigits || len(number)-len(digits) > 1 || !isDigits(whole) || point && !isDigits(fraction) {
		return nil, errNumber
	}
	n, ok := new(big.Rat).SetString(number)
	if !ok {
		return nil, errNumber
	}
	return n, nil
}

func isDigits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

// holds reports whether a number fulfils the condition of a rule, if it has
// one.
func (r *Rule) holds(n *big.Rat) bool {
	if r.op == "" {
		return true
	}
	order := n.Cmp(r.limit)
	return order == 0 || order < 0 && r.op == "<=" || order > 0 && r.op == ">="
}

// percent returns the change of a count in percent of the old one, or ok =
// false if that is 0.
func percent(c Change) (p *big.Rat, ok bool) {
	if c.Old == 0 {
		return nil, false
	}
	change := new(big.Int).SetUint64(c.size())
	if c.New < c.Old {
		change.Neg(change)
	}
	return new(big.Rat).SetFrac(change.Mul(change, big.NewInt(100)), new(big.Int).SetUint64(c.Old)), true
}

// rowsHold reports whether the change of the number of all rows fulfils a rule.
// Of none, any change is more than every percentage.
func (r *Rule) rowsHold(c Change) bool {
	p, ok := percent(c)
	if !ok {
		return r.op == ">="
	}
	return r.holds(p.Abs(p))
}

// within reports whether the change of a count lies in the range of a rule.
func (r *Rule) within(c Change) bool {
	p, ok := percent(c)
	return ok && p.Cmp(r.low) >= 0 && p.Cmp(r.top) <= 0
}

// Percent returns the change in percent of the old count, rounded towards 0, or
// new or vanished.
func (c Change) Percent() string {
	p, ok := percent(c)
	switch {
	case c.Old == c.New:
		return "0%"
	case !ok:
		return "new"
	case c.New == 0:
		return "vanished"
	}
	hundredths := new(big.Int).Mul(p.Num(), big.NewInt(100))
	hundredths.Quo(hundredths, p.Denom())
	if hundredths.Sign() == 0 {
		return "<0.01%"
	}
	sign := "+"
	if hundredths.Sign() < 0 {
		sign = "-"
	}
	whole, rest := new(big.Int).QuoRem(hundredths.Abs(hundredths), big.NewInt(100), new(big.Int))
	return fmt.Sprintf("%s%d.%02d%%", sign, whole, rest)
}
