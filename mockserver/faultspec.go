package mockserver

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseFault reads a fault written as words with commas between them, such as "cut=100000,download=1,attempts=2".
// There are words for what happens, of which several may stand together:
//
//	word              about   what happens
//	delay=DURATION    data    waits before the headers (500ms, 2s)
//	status=CODE       data    another status, 200 to 599; from 400 with the body {"detail": …}
//	retry-after=TEXT  data    a header Retry-After
//	content-type=TEXT data    another Content-Type
//	redirect=URL      data    307 to that place
//	html              data    an HTML error page as the body, with status 200 unless another is told
//	empty             data    an empty body
//	cut=N             data    the connection closed after N bytes of the body, before the last chunk
//	reset=N           data    the same with a TCP reset
//	stall=N           data    silence after N bytes of the body
//	drip=N/DURATION   data    N bytes at a time with a pause after each (10/1ms)
//	gzip              data    compressed if the client accepts it
//	gzip=unasked      data    compressed in any case
//	length            data    a Content-Length in place of chunks
//	rows=N            meta    the declared rows changed by N (+1, -1)
//	id=TEXT           meta    another id in the metadata than was asked for
//	body=TEXT         data    another body; must come last and goes on to the end
//
// and words for which requests it happens to; left out, they mean every request:
//
//	on=KINDS          exports, export, meta, data or all, with + between; left out, what the table above is about
//	export=ID         that export
//	download=N        that download of an export, from 1
//	attempts=N        the first N requests for a path; also A-B, and A- for all from A on
func ParseFault(spec string) (Fault, error) {
	p := faultParser{}
	for rest := spec; rest != ""; {
		if text, ok := strings.CutPrefix(rest, "body="); ok {
			p.do(Body([]byte(text)))
			break
		}
		var word string
		word, rest, _ = strings.Cut(rest, ",")
		key, value, _ := strings.Cut(word, "=")
		if err := p.set(key, value); err != nil {
			return Fault{}, fmt.Errorf("fault %q: %q: %w", spec, word, err)
		}
	}
	if len(p.actions) == 0 {
		return Fault{}, fmt.Errorf("fault %q: nothing happens", spec)
	}
	p.fault.Do = All(p.actions...)
	if err := p.fault.validate(); err != nil {
		return Fault{}, fmt.Errorf("fault %q: %w", spec, err)
	}
	return p.fault, nil
}

// faultParser gathers the words of one fault.
type faultParser struct {
	fault   Fault
	actions []Action
}

func (p *faultParser) do(a Action) { p.actions = append(p.actions, a) }

// word takes one word: about requests, or else an action.
func (p *faultParser) set(key, value string) (err error) {
	switch key {
	case "on":
		p.fault.On, err = parseRequests(value)
	case "export":
		p.fault.Export = value
	case "download":
		p.fault.Download, err = parsePositive(value)
	case "attempts":
		p.fault.From, p.fault.To, err = parseAttempts(value)
	default:
		var a Action
		if a, err = parseAction(key, value); err == nil {
			p.do(a)
		}
	}
	return err
}

var errUnknownKey = errors.New("no such word")

func parseAction(key, value string) (Action, error) {
	switch key {
	case "delay":
		d, err := parseDuration(value)
		return Delay(d), err
	case "status":
		code, err := parsePositive(value)
		if err == nil && (code < 200 || code > 599) {
			err = errors.New("a status is from 200 to 599")
		}
		return Status(code), err
	case "retry-after", "content-type":
		return Header(key, value), nil
	case "redirect":
		return Redirect(value), nil
	case "cut", "reset", "stall":
		return parseStop(key, value)
	case "drip":
		return parseDrip(value)
	case "rows":
		delta, err := strconv.ParseInt(value, 10, 64)
		return Rows(delta), err
	case "id":
		return EchoID(value), nil
	}
	return parseSwitch(key, value)
}

// parseSwitch reads the words that have no value, but for gzip.
func parseSwitch(key, value string) (Action, error) {
	switch {
	case key == "gzip" && value == "unasked":
		return GzipAlways(), nil
	case value != "":
		return Action{}, errUnknownKey
	}
	switch key {
	case "html":
		return HTML(), nil
	case "empty":
		return Body(nil), nil
	case "gzip":
		return Gzip(), nil
	case "length":
		return ContentLength(), nil
	}
	return Action{}, errUnknownKey
}

func parseStop(key, value string) (Action, error) {
	n, err := strconv.ParseUint(value, 10, 63)
	switch key {
	case "cut":
		return Cut(int64(n)), err
	case "reset":
		return Reset(int64(n)), err
	}
	return Stall(int64(n)), err
}

func parseDrip(value string) (Action, error) {
	size, pause, _ := strings.Cut(value, "/")
	n, err := parsePositive(size)
	if err != nil {
		return Action{}, err
	}
	d, err := parseDuration(pause)
	return Drip(n, d), err
}

func parseRequests(value string) (on Requests, err error) {
	kinds := map[string]Requests{
		"exports": OnExports, "export": OnExport, "meta": OnMeta, "data": OnData, "all": OnAll,
	}
	for kind := range strings.SplitSeq(value, "+") {
		if kinds[kind] == 0 {
			return 0, errors.New("requests are exports, export, meta, data or all")
		}
		on |= kinds[kind]
	}
	return on, nil
}

// parseAttempts reads N, A-B or A-.
func parseAttempts(value string) (from, to int, err error) {
	first, last, bounded := strings.Cut(value, "-")
	if !bounded {
		to, err = parsePositive(first)
		return 1, to, err
	}
	if from, err = parsePositive(first); err == nil && last != "" {
		to, err = parsePositive(last)
	}
	return from, to, err
}

func parsePositive(value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err == nil && n < 1 {
		err = errors.New("the number is less than 1")
	}
	return n, err
}

func parseDuration(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err == nil && d < 0 {
		err = errors.New("the time is negative")
	}
	return d, err
}
