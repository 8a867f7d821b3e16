package sources

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/valyala/fastjson"
	"golang.org/x/sync/errgroup"

	"fastcount/engine"
)

var (
	_ engine.Part    = (*Download)(nil)
	_ engine.Retrier = (*Download)(nil)
)

// maxValues is the maximum number of JSON values parsed at once. Each takes
// about 90 bytes.
const maxValues = 32 << 10

// Download is a part that is one download of an export.
type Download struct {
	remote
	export   string
	id       string
	declared engine.Declaration
}

// ID returns the id of the download on its server.
func (d *Download) ID() string { return d.id }

// Info implements [engine.Part]. Callers must not modify what is declared.
func (d *Download) Info() engine.PartInfo {
	return engine.PartInfo{Remote: true, Declared: &d.declared, Facts: d.facts, Explain: d.explain}
}

// Exports requests the ids of the exports of the server, in its order.
func (c *Client) Exports(ctx context.Context) ([]string, error) {
	var list *idList
	err := c.ask(ctx, func() *answer {
		list = c.newIDList("export_ids")
		return &answer{lists: map[string]element{list.key: list.add}}
	})
	return list.ids, err
}

// Export requests the list of downloads of an export and the metadata of each.
// It returns them in the order of the server. The error is that of the first
// download, in that order, whose request failed.
func (c *Client) Export(ctx context.Context, id string) ([]*Download, error) {
	if !validID(id) {
		return nil, mark(ErrArgument, fmt.Errorf("%s is not a valid id of an export", quote(id)))
	}
	ids, err := c.downloadIDs(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("export %s: %w", id, err)
	}
	names := nameSet{limit: int64(c.opts.MaxDeclared)}
	downloads := make([]*Download, len(ids))
	err = forEach(len(ids), c.opts.Transfers, func(i int) (err error) {
		downloads[i], err = c.download(ctx, id, ids[i], &names)
		return err
	})
	if err != nil {
		return nil, err
	}
	return downloads, nil
}

// Download requests the metadata of one download.
func (c *Client) Download(ctx context.Context, export, id string) (*Download, error) {
	for _, part := range []string{export, id} {
		if !validID(part) {
			return nil, mark(ErrArgument, fmt.Errorf("%s is not a valid id of an export or a download", quote(part)))
		}
	}
	return c.download(ctx, export, id, &nameSet{limit: int64(c.opts.MaxDeclared)})
}

func (c *Client) downloadIDs(ctx context.Context, export string) ([]string, error) {
	var list *idList
	err := c.ask(ctx, func() *answer {
		list = c.newIDList("download_ids")
		return &answer{id: export, lists: map[string]element{list.key: list.add}, rest: func(*fastjson.Value) error {
			if len(list.ids) == 0 {
				return fmt.Errorf("%w: the export has no downloads, nothing to count", ErrMetadata)
			}
			return nil
		}}
	}, export)
	return list.ids, err
}

func (c *Client) download(ctx context.Context, export, id string, names *nameSet) (*Download, error) {
	name := export + "/" + id
	d := &Download{export: export, id: id}
	err := c.ask(ctx, func() *answer {
		d.declared = engine.Declaration{ID: id}
		return &answer{
			id: id,
			lists: map[string]element{
				"patients":    names.adder(&d.declared.Patients, "patients"),
				"event_types": names.adder(&d.declared.Events, "event_types"),
			},
			rest: func(data *fastjson.Value) (err error) {
				d.declared.Rows, err = rowCount(data)
				d.declared.Start, d.declared.End = timeOf(data, "start_time"), timeOf(data, "end_time")
				return err
			},
		}
	}, export, id)
	if err != nil {
		return nil, fmt.Errorf("download %s: %w", name, err)
	}
	d.remote = c.newRemote(c.endpoint(export, id, "data"), name)
	return d, nil
}

// endpoint returns the URL of path in the API. Each element is a valid id or a
// constant, so that the URL stays below the base.
func (c *Client) endpoint(path ...string) *url.URL {
	return c.server.JoinPath(append([]string{"api", "export"}, path...)...)
}

// answer parses one response of the API.
type answer struct {
	json  fastjson.Parser
	id    string             // required id of the data, if not ""
	lists map[string]element // required lists of the data, by name
	rest  func(data *fastjson.Value) error
}

// element processes an element of a list, which is valid during the call.
type element func(v *fastjson.Value) error

// ask sends a request to the API and retries it where that may help. It calls
// begin before each attempt for the parser of the response.
func (c *Client) ask(ctx context.Context, begin func() *answer, path ...string) error {
	if c.server == nil {
		begin() // the caller uses what it begins
		return mark(ErrArgument, errors.New("no server is set"))
	}
	return c.persist(ctx, c.server, requested(path), func() error {
		return c.attempt(ctx, c.endpoint(path...), begin())
	})
}

// requested describes a request to the API for a message.
func requested(path []string) string {
	switch len(path) {
	case 0:
		return "list of exports"
	case 1:
		return "export " + path[0]
	}
	return "download " + strings.Join(path, "/")
}

// attempt sends the request once.
func (c *Client) attempt(ctx context.Context, u *url.URL, a *answer) error {
	s, err := c.fetch(ctx, u, false, acceptJSON)
	if err != nil {
		return err
	}
	s.raw.limit = int64(c.opts.MaxJSON) + rawSlack
	rest, err := cutLists(transfer{s}, c.opts.MaxJSON, c.opts.IdleTimeout, a.piece)
	switch {
	case errors.Is(err, errTooLong):
		err = mark(ErrMetadata, fmt.Errorf("%w of %d bytes", ErrResponseTooLarge, c.opts.MaxJSON))
	case errors.Is(err, errUncut):
		err = mark(ErrMetadata, fmt.Errorf("%w of %d bytes outside of its lists", ErrResponseTooLarge, uncutLimit(c.opts.MaxJSON)))
	}
	if err = errors.Join(err, s.Close()); err != nil {
		return err
	}
	return a.finish(rest)
}

func acceptJSON(mediaType string) error {
	if isHTML(mediaType) {
		return fmt.Errorf("%w: it is an HTML page; is this the address of an export API?", ErrMetadata)
	}
	return nil
}

// piece processes a piece of a list. Lists that are not used must be well
// formed too.
func (a *answer) piece(keys [2][]byte, piece []byte) error {
	take, err := a.taker(keys)
	if err != nil {
		return err
	}
	v, err := parseJSON(&a.json, piece)
	if err != nil {
		return malformed(err)
	}
	for _, v := range v.GetArray() {
		if err := take(v); err != nil {
			return err
		}
	}
	return nil
}

// taker returns the function for elements of the list at keys.
func (a *answer) taker(keys [2][]byte) (element, error) {
	var names [2]string
	for i, key := range keys {
		v, err := parseJSON(&a.json, key)
		if err != nil {
			return nil, malformed(err)
		}
		names[i] = string(v.GetStringBytes())
	}
	if take := a.lists[names[1]]; take != nil && names[0] == "data" {
		return take, nil
	}
	return func(*fastjson.Value) error { return nil }, nil
}

// finish processes the rest of the response.
func (a *answer) finish(rest []byte) error {
	v, err := parseJSON(&a.json, rest)
	if err != nil {
		return malformed(err)
	}
	data := v.Get("data")
	if data == nil || data.Type() != fastjson.TypeObject {
		return fmt.Errorf("%w: no object data", ErrMetadata)
	}
	if err := errors.Join(unambiguous(v), unambiguous(data)); err != nil {
		return err
	}
	if a.id != "" {
		if err := echoes(data, a.id); err != nil {
			return err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(a.lists)) {
		list := data.Get(key)
		if list == nil || list.Type() != fastjson.TypeArray {
			return fmt.Errorf("%w: no list %s", ErrMetadata, key)
		}
	}
	if a.rest == nil {
		return nil
	}
	return a.rest(data)
}

// members are the member names of the API, which an error may quote.
var members = []string{"data", "id", "export_ids", "download_ids", "rows", "patients", "event_types", "start_time", "end_time"}

// unambiguous rejects an object with a repeated member.
func unambiguous(object *fastjson.Value) (err error) {
	seen := make(map[string]bool)
	object.GetObject().Visit(func(key []byte, _ *fastjson.Value) {
		if name := string(key); seen[name] {
			what := "repeated member"
			if slices.Contains(members, name) {
				what += " " + quote(name)
			}
			err = fmt.Errorf("%w: %s", ErrMetadata, what)
		}
		seen[string(key)] = true
	})
	return err
}

func malformed(err error) error { return fmt.Errorf("%w: %w", ErrMetadata, err) }

// errJSON replaces the errors of fastjson, which quote their input.
var errJSON = errors.New("it is not valid JSON")

// parseJSON parses strictly: the parser of fastjson limits the depth, and its
// validator rejects what the parser accepts. The value is valid until p is used
// again. Errors do not quote the text.
func parseJSON(p *fastjson.Parser, text []byte) (*fastjson.Value, error) {
	values := 1
	for _, b := range text {
		if b == ',' || b == '[' || b == '{' { // before every value but the first, if not inside a string
			values++
		}
	}
	if values > maxValues {
		return nil, fmt.Errorf("more than %d values", maxValues)
	}
	v, err := p.ParseBytes(text)
	if err != nil || fastjson.ValidateBytes(text) != nil {
		return nil, errJSON
	}
	return v, nil
}

// jsonDetail returns the member detail of a JSON object, or "" without one.
func jsonDetail(text []byte) string {
	v, err := parseJSON(new(fastjson.Parser), text)
	if err != nil {
		return ""
	}
	detail := v.Get("detail")
	if detail == nil {
		return ""
	}
	if detail.Type() == fastjson.TypeString {
		return string(detail.GetStringBytes())
	}
	return detail.String()
}

// echoes rejects a response whose id is not the requested one.
func echoes(data *fastjson.Value, id string) error {
	if v := data.Get("id"); v == nil || v.Type() != fastjson.TypeString || string(v.GetStringBytes()) != id {
		return fmt.Errorf("%w: its id is not %s", ErrMetadata, id)
	}
	return nil
}

// idList is a list of at most limit distinct ids that are valid in a URL.
type idList struct {
	key       string
	limit     int
	ids       []string
	seen      map[string]bool
	forbidden func(id string) bool
}

func (c *Client) newIDList(key string) *idList {
	return &idList{key: key, limit: c.opts.MaxDownloads, seen: make(map[string]bool), forbidden: c.repeats()}
}

func (l *idList) add(v *fastjson.Value) error {
	text, err := stringOf(v, l.key)
	id := string(text)
	switch {
	case err != nil:
		return err
	case !validID(id):
		return fmt.Errorf("%w: %s: element %d is not a valid id", ErrMetadata, l.key, len(l.ids)+1)
	case l.forbidden(id):
		return fmt.Errorf("%w: %s: element %d repeats a secret", ErrMetadata, l.key, len(l.ids)+1)
	case l.seen[id]:
		return fmt.Errorf("%w: %s: element %d repeats an id", ErrMetadata, l.key, len(l.ids)+1)
	case len(l.ids) == l.limit:
		return mark(ErrMetadata, fmt.Errorf("%w of %d: %s", ErrTooManyIDs, l.limit, l.key))
	}
	l.seen[id] = true
	l.ids = append(l.ids, id)
	return nil
}

// validID reports whether id is valid as one segment of the path of a URL.
func validID(id string) bool {
	if len(id) < 1 || len(id) > 128 || id == "." || id == ".." {
		return false
	}
	for i := range len(id) {
		c := id[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && c != '.' && c != '_' && c != ':' && c != '-' {
			return false
		}
	}
	return true
}

// rowCount returns the member rows, which must consist of digits alone, without
// fraction or exponent.
func rowCount(data *fastjson.Value) (uint64, error) {
	v := data.Get("rows")
	if v == nil || v.Type() != fastjson.TypeNumber {
		return 0, fmt.Errorf("%w: rows is not a number", ErrMetadata)
	}
	digits := v.String()
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%w: rows is not a whole number from 0 to %d", ErrMetadata, int64(math.MaxInt64))
	}
	return n, nil
}

// isoTime matches the times that a server may declare.
var isoTime = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:?[0-9]{2})?$`)

// timeOf returns a member that is a time, or "" if it is missing or anything
// else.
func timeOf(data *fastjson.Value, key string) string {
	if v := data.Get(key); v != nil && v.Type() == fastjson.TypeString && isoTime.Match(v.GetStringBytes()) {
		return string(v.GetStringBytes())
	}
	return ""
}

// stringOf returns the string v, valid as long as v.
func stringOf(v *fastjson.Value, key string) ([]byte, error) {
	if v.Type() != fastjson.TypeString {
		return nil, fmt.Errorf("%w: %s: element is not a string", ErrMetadata, key)
	}
	return v.GetStringBytes(), nil
}

// nameSet interns the names that the downloads of an export declare, and limits
// their number.
type nameSet struct {
	limit   int64
	claimed atomic.Int64
	mu      sync.Mutex
	names   map[string]string
}

// adder returns a function that adds names to a list.
func (s *nameSet) adder(list *[]string, key string) element {
	return func(v *fastjson.Value) error {
		name, err := stringOf(v, key)
		if err != nil {
			return err
		}
		if s.claimed.Add(1) > s.limit {
			return mark(ErrMetadata, fmt.Errorf("%w of %d", ErrTooManyNames, s.limit))
		}
		*list = append(grown(*list), s.share(name))
		return nil
	}
}

// longList is the length from which repeated names are removed from a list.
const longList = 1 << 10

// grown returns names with capacity for one more. If it would have to grow a
// long list, it removes repeated names first.
func grown(names []string) []string {
	if len(names) < cap(names) || len(names) < longList {
		return names
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) < cap(names)/2 {
		return names
	}
	return slices.Grow(names, len(names))
}

func (s *nameSet) share(name []byte) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.names[string(name)]; ok {
		return known
	}
	if s.names == nil {
		s.names = make(map[string]string)
	}
	kept := string(name)
	s.names[kept] = kept
	return kept
}

// forEach calls f for 0 … n-1, at most limit at once. After a failure it starts
// no more calls. It waits for those that run and returns the error of the
// smallest i.
func forEach(n, limit int, f func(i int) error) error {
	var group errgroup.Group
	group.SetLimit(max(limit, 1))
	var failed atomic.Bool
	errs := make([]error, n)
	for i := 0; i < n && !failed.Load(); i++ {
		group.Go(func() error {
			if errs[i] = f(i); errs[i] != nil {
				failed.Store(true)
			}
			return errs[i]
		})
	}
	_ = group.Wait() // the first failure in time depends on scheduling
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
