package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"fastcount/engine"
	"fastcount/internal/cli"
	"fastcount/mockserver"
	"fastcount/sources"
)

// remote is where exports and URLs come from: a client, and the mock server behind it where no other was named.
type remote struct {
	*sources.Client
	mock      *mockHost           // nil where a server was named, or none is needed
	downloads sources.DownloadSet // of all exports
}

func (o *remoteOptions) newRemote(client *sources.Client, mock *mockHost) *remote {
	return &remote{client, mock, sources.DownloadSet{AllowSameIDs: o.allowDuplicateIDs}}
}

func (r *remote) close() {
	r.Client.Close()
	if r.mock != nil {
		r.mock.close(0)
	}
}

// connect returns the client for the sources. Exports without a server are those of the built-in mock server, which is
// started for them.
func (o *remoteOptions) connect(p *program, found []sources.Source, maxWindow uint64) (*remote, error) {
	var ids []string
	for _, s := range found {
		if s.Kind == sources.KindExport {
			ids = append(ids, s.Value)
		}
	}
	if o.server != "" || len(ids) == 0 {
		return o.dial(p, maxWindow)
	}
	for _, id := range ids {
		if !slices.Contains(builtinIDs(), id) {
			return nil, p.unknownBuiltin(id)
		}
	}
	return o.dialBuiltin(p, maxWindow, "counting the built-in mock export "+strings.Join(ids, ", "))
}

// credentials are what is sent to the server that --server names, and to no
// other: what may be secret.
type credentials struct {
	header http.Header
	token  string
}

// any reports whether there is anything to send.
func (c credentials) any() bool { return c.token != "" || len(c.header) > 0 }

// credentials returns what the flags and the environment have.
func (o *remoteOptions) credentials(p *program) (c credentials, err error) {
	for _, file := range []string{o.tokenFile, o.headerFile} {
		if readableByOthers(file) {
			p.ui.Warn(fmt.Sprintf("%s: other users can read it; restrict it with: chmod 600 %s", file, file))
		}
	}
	if c.header, err = o.headers(); err != nil {
		return credentials{}, err
	}
	if o.tokenFile == "" && c.header.Get("Authorization") != "" {
		return c, nil // a file outranks the environment
	}
	c.token, err = o.token(p.environ)
	return c, err
}

// readableByOthers reports whether a file has a mode that lets other users read
// it. Only regular files have one that matters, and not on Windows.
func readableByOthers(file string) bool {
	info, err := os.Stat(file)
	return err == nil && runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o044 != 0
}

// dial returns a client of the server that the flags name, if they name one.
func (o *remoteOptions) dial(p *program, maxWindow uint64) (*remote, error) {
	c, err := o.credentials(p)
	if err != nil {
		return nil, err
	}
	return o.dialServer(o.server, c, maxWindow)
}

// dialServer returns a client of a server, to which it sends credentials.
func (o *remoteOptions) dialServer(server string, c credentials, maxWindow uint64) (*remote, error) {
	opts := o.clientOptions(maxWindow)
	opts.Server, opts.Header, opts.Token = server, c.header, c.token
	client, err := sources.NewClient(opts)
	if err != nil && server != "" && !strings.Contains(server, "://") && errors.Is(err, sources.ErrArgument) {
		err = cli.Hint(err, "did you mean --server http://...?")
	}
	if err != nil {
		return nil, err
	}
	return o.newRemote(client, nil), nil
}

// dialBuiltin starts the built-in server, says what for, and returns a client of it. The server gets no header and no
// token.
func (o *remoteOptions) dialBuiltin(p *program, maxWindow uint64, what string) (*remote, error) {
	if _, err := o.headers(); err != nil {
		return nil, err
	}
	handler, err := mockserver.New(mockserver.Options{})
	if err != nil {
		return nil, err
	}
	mock, err := startMock("127.0.0.1:0", handler)
	if err != nil {
		return nil, fmt.Errorf("built-in mock server: %w", err)
	}
	opts := o.clientOptions(maxWindow)
	opts.Server = mock.url
	client, err := sources.NewClient(opts)
	if err != nil {
		mock.close(0)
		return nil, err
	}
	p.ui.Info("no --server: %s, synthetic data", what)
	return o.newRemote(client, mock), nil
}

func (o *remoteOptions) clientOptions(maxWindow uint64) sources.Options {
	further := int(o.retries)
	if further == 0 {
		further = -1 // where 0 would be the default
	}
	return sources.Options{
		AllowHTTPToken: o.allowHTTPToken,
		CAFile:         o.caFile,
		ConnectTimeout: time.Duration(o.connectTimeout),
		TLSTimeout:     time.Duration(o.tlsTimeout),
		HeaderTimeout:  time.Duration(o.headerTimeout),
		IdleTimeout:    time.Duration(o.idleTimeout),
		Retries:        further,
		Transfers:      int(o.transfers),
		UserAgent:      "fastcount/" + version(),
		MaxJSON:        int(o.maxJSON),
		MaxDownloads:   int(o.maxDownloads),
		MaxDeclared:    int(o.maxDeclared),
		MaxWindow:      maxWindow,
	}
}

// headers returns the headers of --header and of --header-file.
func (o *remoteOptions) headers() (http.Header, error) {
	header := make(http.Header)
	for _, line := range o.header {
		name, err := addHeader(header, line)
		if err != nil {
			return nil, cli.Usagef("--header: %w", err)
		}
		if sources.IsSecretHeader(name) {
			return nil, cli.Usage(cli.Hint(fmt.Errorf("--header: %s is secret, but others can read the command line", name),
				"set a token with --token-file FILE or FASTCOUNT_TOKEN; it is sent as Authorization: Bearer",
				"put other secret headers into a file and name it with --header-file FILE"))
		}
	}
	if o.headerFile == "" {
		return header, nil
	}
	return header, readHeaders(header, o.headerFile)
}

// addHeader adds a line such as "Accept-Language: en". Its errors repeat nothing of it.
func addHeader(header http.Header, line string) (name string, err error) {
	name, value, ok := strings.Cut(line, ":")
	name = http.CanonicalHeaderKey(strings.TrimSpace(name))
	if !ok || name == "" {
		return "", errors.New("want a name and a value, such as 'Accept-Language: en'")
	}
	header.Add(name, strings.TrimSpace(value))
	return name, nil
}

// readHeaders adds the headers in a file, one a line. Empty lines and those that begin with # are none.
func readHeaders(header http.Header, file string) error {
	text, err := readStart(file, maxToken+1)
	if err != nil {
		return fmt.Errorf("--header-file: %w", err)
	}
	if len(text) > maxToken {
		return cli.Usagef("--header-file: %s is longer than %d bytes", file, maxToken)
	}
	for i, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		if _, err := addHeader(header, line); err != nil {
			return cli.Usagef("--header-file: %s, line %d: %w", file, i+1, err)
		}
	}
	return nil
}

// maxToken bounds what is read of a file of a token or of headers, in bytes.
const maxToken = 64 << 10

// token returns the token of --token-file, or else of the environment, or "".
func (o *remoteOptions) token(environ []string) (string, error) {
	if o.tokenFile == "" {
		return strings.TrimSpace(cli.Variables(environ)[cli.TokenVariable]), nil
	}
	text, err := readStart(o.tokenFile, maxToken+1)
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	text = bytes.TrimSpace(text)
	if len(text) == 0 || len(text) > maxToken {
		return "", cli.Usagef("--token-file: %s: not a token", o.tokenFile)
	}
	return string(text), nil
}

// readStart returns the first limit bytes of a file, or all of it.
func readStart(file string, limit int64) (text []byte, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, limit))
}

// parts returns the parts of all sources, in their order: each download of an export is one.
func (r *remote) parts(ctx context.Context, found []sources.Source) ([]engine.Part, error) {
	var parts []engine.Part
	for _, s := range found {
		switch s.Kind {
		case sources.KindExport:
			downloads, err := r.export(ctx, s.Value)
			if err != nil {
				return nil, err
			}
			for _, d := range downloads {
				parts = append(parts, d)
			}
		case sources.KindURL:
			u, err := r.URL(s.Value, s.Name)
			if err == nil {
				err = r.downloads.AddURL(u)
			}
			if err != nil {
				return nil, err
			}
			parts = append(parts, u)
		default:
			parts = append(parts, s.Part)
		}
	}
	return parts, nil
}

// export asks for the downloads of an export. None of them may be one of an
// export that was asked for before.
func (r *remote) export(ctx context.Context, id string) ([]*sources.Download, error) {
	downloads, err := r.Export(ctx, id)
	if errors.Is(err, sources.ErrNotFound) {
		return nil, r.unknownExport(ctx, id, err)
	}
	for _, d := range downloads {
		if err := r.downloads.Add(r.Server(), id, d.ID()); err != nil {
			return nil, cli.Hint(err, "count one of the two, or both with "+
				"--allow-duplicate-ids if one download id means two things on this server")
		}
	}
	return downloads, err
}
