package sources

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/valyala/fastjson"
	"golang.org/x/sync/errgroup"

	"fastcount/engine"
)

var (
	_ engine.Part     = (*Download)(nil)
	_ engine.Declarer = (*Download)(nil)
	_ engine.Remote   = (*Download)(nil)
	_ engine.Retrier  = (*Download)(nil)
)

// What an export may hold, so that a hostile server cannot fill the memory.
const (
	maxValues = 2 << 20  // values of one JSON answer; each costs about 90 bytes while it is looked at
	maxNames  = 16 << 20 // patients and event types that the downloads of one export declare, one by one
)

// Download is a part that is one download of an export.
type Download struct {
	remote
	id       string
	declared engine.Declaration
}

// ID returns the server's id of the download.
func (d *Download) ID() string { return d.id }

// Declared implements engine.Declarer. The lists are not to be changed.
func (d *Download) Declared() engine.Declaration { return d.declared }

// Exports asks the server for the ids of its exports, in its order.
func (c *Client) Exports(ctx context.Context) ([]string, error) {
	var ids []string
	err := c.ask(ctx, func(data *fastjson.Value) (err error) {
		ids, err = idList(data, "export_ids", c.opts.MaxDownloads)
		return err
	})
	return ids, err
}

// Export asks the server for the downloads of an export, in its order, and for the metadata of each. Nothing of their
// data is read yet. The error is that of the first download, in that order, whose metadata could not be had.
func (c *Client) Export(ctx context.Context, id string) ([]*Download, error) {
	if !validID(id) {
		return nil, mark(ErrArgument, fmt.Errorf("%s cannot be the id of an export", quote(id)))
	}
	ids, err := c.downloadIDs(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("export %s: %w", id, err)
	}
	var names nameSet
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

func (c *Client) downloadIDs(ctx context.Context, export string) ([]string, error) {
	var ids []string
	err := c.ask(ctx, func(data *fastjson.Value) (err error) {
		if err = echoes(data, export); err != nil {
			return err
		}
		if ids, err = idList(data, "download_ids", c.opts.MaxDownloads); err != nil {
			return err
		}
		if len(ids) == 0 {
			return fmt.Errorf("%w: the export has no downloads, nothing to count", ErrMetadata)
		}
		return nil
	}, export)
	return ids, err
}

func (c *Client) download(ctx context.Context, export, id string, names *nameSet) (*Download, error) {
	name := export + "/" + id
	d := &Download{id: id}
	err := c.ask(ctx, func(data *fastjson.Value) (err error) {
		if err = echoes(data, id); err == nil {
			d.declared, err = declaration(data, names)
		}
		return err
	}, export, id)
	if err != nil {
		return nil, fmt.Errorf("download %s: %w", name, err)
	}
	d.remote = c.newRemote(c.endpoint(export, id, "data"), name)
	return d, nil
}

// endpoint returns the URL of the API at path. Each element is a valid id or a fixed word, and so stays under the base.
func (c *Client) endpoint(path ...string) *url.URL {
	return c.server.JoinPath(append([]string{"api", "export"}, path...)...)
}

// ask puts a question to the API, as often as its failures allow, and gives the answer's data to read. The data is
// valid only until read returns.
func (c *Client) ask(ctx context.Context, read func(data *fastjson.Value) error, path ...string) error {
	if c.server == nil {
		return mark(ErrArgument, errors.New("no server is named"))
	}
	retry := c.newRetrier()
	for attempt := 1; ; attempt++ {
		data, err := c.answer(ctx, c.endpoint(path...))
		if err == nil {
			err = read(data)
		}
		if err == nil {
			return nil
		}
		wait, again := retry.Retry(attempt, err)
		if !again && attempt > 1 {
			return fmt.Errorf("%w (attempt %d)", err, attempt)
		}
		if !again {
			return err
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

// answer makes one attempt and returns the member data of the answer.
func (c *Client) answer(ctx context.Context, u *url.URL) (*fastjson.Value, error) {
	s, err := c.fetch(ctx, u, acceptJSON)
	if err != nil {
		return nil, err
	}
	text, err := readAll(transfer{s}, c.opts.MaxJSON)
	if errors.Is(err, errTooLong) {
		err = mark(ErrMetadata, fmt.Errorf("%w of %d bytes", ErrAnswer, c.opts.MaxJSON))
	}
	if err = errors.Join(err, s.Close()); err != nil {
		return nil, err
	}
	return parseAnswer(text)
}

func acceptJSON(mediaType string) error {
	if isHTML(mediaType) {
		return fmt.Errorf("%w: it is an HTML page; is this the address of an export API?", ErrMetadata)
	}
	return nil
}

func parseAnswer(text []byte) (*fastjson.Value, error) {
	v, err := parseJSON(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrMetadata, clean(err.Error()))
	}
	data := v.Get("data")
	if data == nil || data.Type() != fastjson.TypeObject {
		return nil, fmt.Errorf("%w: it has no object data", ErrMetadata)
	}
	return data, nil
}

// parseJSON is strict: fastjson's parser bounds the depth, its validator then refuses what its parser lets pass.
func parseJSON(text []byte) (*fastjson.Value, error) {
	values := 1
	for _, b := range text {
		if b == ',' || b == '[' || b == '{' { // before every value but the first, if not inside a string
			values++
		}
	}
	if values > maxValues {
		return nil, fmt.Errorf("more than %d values", maxValues)
	}
	v, err := fastjson.ParseBytes(text)
	if err != nil {
		return nil, err
	}
	return v, fastjson.ValidateBytes(text)
}

// errorDetail returns what the body of an error says in its member detail, or "" if it says nothing there.
func errorDetail(text []byte) string {
	v, err := parseJSON(text)
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

// echoes refuses an answer that is about something else than what was asked.
func echoes(data *fastjson.Value, id string) error {
	if v := data.Get("id"); v == nil || v.Type() != fastjson.TypeString || string(v.GetStringBytes()) != id {
		return fmt.Errorf("%w: its id is not %s", ErrMetadata, id)
	}
	return nil
}

// idList reads a list of up to limit ids that are fit for a URL, none twice.
func idList(data *fastjson.Value, key string, limit int) ([]string, error) {
	list, err := listOf(data, key)
	if err != nil {
		return nil, err
	}
	if len(list) > limit {
		return nil, mark(ErrMetadata, fmt.Errorf("%w of %d: %s has %d", ErrIDs, limit, key, len(list)))
	}
	seen := make(map[string]bool, len(list))
	ids := make([]string, len(list))
	for i, v := range list {
		id, err := stringOf(v, key)
		switch {
		case err != nil:
			return nil, err
		case !validID(id):
			return nil, fmt.Errorf("%w: %s holds the impossible id %s", ErrMetadata, key, quote(id))
		case seen[id]:
			return nil, fmt.Errorf("%w: %s holds %s twice", ErrMetadata, key, id)
		}
		seen[id] = true
		ids[i] = id
	}
	return ids, nil
}

// validID says whether an id may become a part of a URL: it cannot leave its place there.
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

func declaration(data *fastjson.Value, names *nameSet) (d engine.Declaration, err error) {
	if d.Rows, err = rowCount(data); err != nil {
		return d, err
	}
	if d.Patients, err = nameList(data, "patients", names); err != nil {
		return d, err
	}
	d.Events, err = nameList(data, "event_types", names)
	return d, err
}

// rowCount reads the member rows: digits, and nothing that only has the value of an integer.
func rowCount(data *fastjson.Value) (uint64, error) {
	v := data.Get("rows")
	if v == nil || v.Type() != fastjson.TypeNumber {
		return 0, fmt.Errorf("%w: it has no number rows", ErrMetadata)
	}
	digits := v.String()
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%w: rows is %s, not a count", ErrMetadata, quote(digits))
	}
	return n, nil
}

func nameList(data *fastjson.Value, key string, names *nameSet) ([]string, error) {
	list, err := listOf(data, key)
	if err != nil {
		return nil, err
	}
	if !names.claim(len(list)) {
		return nil, fmt.Errorf("%w: its downloads declare more than %d names", ErrMetadata, maxNames)
	}
	out := make([]string, len(list))
	for i, v := range list {
		name, err := stringOf(v, key)
		if err != nil {
			return nil, err
		}
		out[i] = names.share(name)
	}
	return out, nil
}

func listOf(data *fastjson.Value, key string) ([]*fastjson.Value, error) {
	v := data.Get(key)
	if v == nil || v.Type() != fastjson.TypeArray {
		return nil, fmt.Errorf("%w: it has no list %s", ErrMetadata, key)
	}
	return v.GetArray(), nil
}

func stringOf(v *fastjson.Value, key string) (string, error) {
	if v.Type() != fastjson.TypeString {
		return "", fmt.Errorf("%w: %s holds something that is no string", ErrMetadata, key)
	}
	return string(v.GetStringBytes()), nil
}

// nameSet keeps one copy of each name that the downloads of an export declare, and counts how many they declare.
type nameSet struct {
	claimed atomic.Int64
	mu      sync.Mutex
	names   map[string]string
}

// claim takes n more names into account and says whether they are still few enough.
func (s *nameSet) claim(n int) bool { return s.claimed.Add(int64(n)) <= maxNames }

func (s *nameSet) share(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.names == nil {
		s.names = make(map[string]string)
	}
	if known, ok := s.names[name]; ok {
		return known
	}
	s.names[name] = name
	return name
}

// forEach calls f for 0 … n-1, at most limit at once. It begins nothing after a failure, waits for what has begun, and
// returns the error of the smallest i, which is the same in every run.
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
	_ = group.Wait() // which failed first in time is chance
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
