package mockserver

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseFault parses a fault: a list of items separated by commas, such as
// "cut=100000,download=1,attempts=2". One or more items are actions. Each of
// them changes the response to one kind of request:
//
//	delay=DURATION     data  delay the headers (500ms, 2s)
//	status=CODE        data  change the status (200 to 599), see Status
//	retry-after=TEXT   data  set the header Retry-After
//	content-type=TEXT  data  set the header Content-Type
//	redirect=URL       data  redirect with status 307
//	html               data  replace the body by an HTML error page
//	empty              data  replace the body by an empty one
//	cut=N              data  close the connection after N bytes of the body
//	reset=N            data  reset the connection after N bytes of the body
//	stall=N            data  stop sending after N bytes of the body
//	drip=N/DURATION    data  send N bytes at a time, with a pause (10/1ms)
//	gzip               data  compress the body if the client accepts it
//	gzip=unasked       data  compress the body
//	length             data  send a Content-Length instead of chunks
//	rows=N             meta  add N to the declared rows (+1, -1)
//	times=DURATION     meta  add to the declared start and end (1h, -500ms)
//	id=TEXT            meta  change the declared download id
//	body=TEXT          data  replace the body; the text extends to the end
//
// The other items select requests. Without them, every request of the kind
// listed above is selected:
//
//	on=KINDS    exports, export, meta, data or all, joined by +
//	export=ID   requests for this export
//	download=N  requests for this download of an export, from 1
//	attempts=N  the first N requests for a path, or A-B, or A- without a limit
func ParseFault(spec string) (Fault, error) {
	p := faultParser{}
	for rest := spec; rest != ""; {
		if text, ok := strings.CutPrefix(rest, "body="); ok {
			p.do(Body([]byte(text)))
			break
		}
		var item string
		item, rest, _ = strings.Cut(rest, ",")
		key, value, _ := strings.Cut(item, "=")
		if err := p.set(key, value); err != nil {
			return Fault{}, fmt.Errorf("fault %q: %q: %w", spec, item, err)
		}
	}
	if len(p.actions) == 0 {
		return Fault{}, fmt.Errorf("fault %q: %w", spec, errNoAction)
	}
	p.fault.Do = All(p.actions...)
	if err := p.fault.validate(); err != nil {
		return Fault{}, fmt.Errorf("fault %q: %w", spec, err)
	}
	return p.fault, nil
}

// faultParser collects the items of a fault.
type faultParser struct {
	fault   Fault
	actions []Action
}

func (p *faultParser) do(a Action) { p.actions = append(p.actions, a) }

// set applies one item, which selects requests or is an action.
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

var errUnknownItem = errors.New("unknown item")

func parseAction(key, value string) (Action, error) {
	switch key {
	case "delay":
		d, err := parseDuration(value)
		return Delay(d), err
	case "status":
		code, err := parsePositive(value)
		if err == nil && (code < 200 || code > 599) {
			err = errors.New("want a status from 200 to 599")
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
	case "times":
		d, err := time.ParseDuration(value)
		return Times(d), err
	case "id":
		return EchoID(value), nil
	}
	return parseSwitch(key, value)
}

// parseSwitch parses the items without a value, and gzip.
func parseSwitch(key, value string) (Action, error) {
	switch {
	case key == "gzip" && value == "unasked":
		return GzipAlways(), nil
	case value != "":
		return Action{}, errUnknownItem
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
	return Action{}, errUnknownItem
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
			return 0, errors.New("want exports, export, meta, data or all")
		}
		on |= kinds[kind]
	}
	return on, nil
}

// parseAttempts parses N, A-B or A-.
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
		err = errors.New("want a number of at least 1")
	}
	return n, err
}

func parseDuration(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err == nil && d < 0 {
		err = errors.New("negative duration")
	}
	return d, err
}
