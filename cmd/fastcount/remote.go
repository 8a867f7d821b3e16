package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"fastcount/engine"
	"fastcount/internal/cli"
	"fastcount/internal/credentials"
	"fastcount/mockserver"
	"fastcount/sources"
)

// remote is a client for exports and URLs, and the mock server that it uses if
// no other server was named.
type remote struct {
	*sources.Client
	mock      *mockHost           // nil if a server was named, or if none is needed
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

// connect returns the client for the sources. If they include exports and no
// server is named, it starts the built-in mock server.
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

// credentialSources returns where the flags and the environment have
// credentials.
func (o *remoteOptions) credentialSources(environ []string) credentials.Sources {
	return credentials.Sources{
		Headers:    o.header,
		HeaderFile: o.headerFile,
		TokenFile:  o.tokenFile,
		Token:      cli.Variables(environ)[cli.TokenVariable],
		ClientCert: o.clientCert,
		ClientKey:  o.clientKey,
	}
}

// credentials reads the credentials in the flags and the environment. It warns
// of files that other users can read.
func (o *remoteOptions) credentials(p *program) (credentials.Credentials, error) {
	s := o.credentialSources(p.environ)
	for _, file := range s.Exposed() {
		p.ui.Warn(fmt.Sprintf("%s: readable by other users; restrict it with: chmod 600 %s", file, file))
	}
	return s.Read()
}

// dial returns a client of the server that the flags name, or, if they name
// none, one for URLs alone.
func (o *remoteOptions) dial(p *program, maxWindow uint64) (*remote, error) {
	c, err := o.credentials(p)
	if err != nil {
		return nil, err
	}
	return o.dialServer(o.server, c, maxWindow)
}

// dialServer returns a client of a server, to which it sends credentials.
func (o *remoteOptions) dialServer(server string, c credentials.Credentials, maxWindow uint64) (*remote, error) {
	opts := o.clientOptions(maxWindow)
	opts.Server, opts.Header, opts.Token, opts.RenewToken = server, c.Header, c.Token, c.Renew
	opts.ClientCert, opts.ClientKey = c.Cert, c.Key
	client, err := sources.NewClient(opts)
	if err != nil && server != "" && !strings.Contains(server, "://") && errors.Is(err, sources.ErrArgument) {
		err = cli.Hint(err, "did you mean --server http://...?")
	}
	if err != nil {
		return nil, err
	}
	return o.newRemote(client, nil), nil
}

// dialBuiltin starts the built-in server, reports what it does there, and
// returns a client of it, which sends it no header and no token.
func (o *remoteOptions) dialBuiltin(p *program, maxWindow uint64, what string) (*remote, error) {
	if _, err := o.credentialSources(nil).ReadHeader(); err != nil {
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
	retries := int(min(o.retries, math.MaxInt32))
	if retries == 0 {
		retries = -1 // 0 would be the default
	}
	return sources.Options{
		AllowHTTPToken: o.allowHTTPToken,
		CAFile:         o.caFile,
		ServerOnly:     o.planned,
		AllowRedirect:  o.allowRedirect,
		ConnectTimeout: time.Duration(o.connectTimeout),
		TLSTimeout:     time.Duration(o.tlsTimeout),
		HeaderTimeout:  time.Duration(o.headerTimeout),
		IdleTimeout:    time.Duration(o.idleTimeout),
		Retries:        retries,
		Retrying:       o.retrying,
		Transfers:      int(o.transfers),
		UserAgent:      "fastcount/" + version(),
		MaxJSON:        int(o.maxJSON),
		MaxDownloads:   int(o.maxDownloads),
		MaxDeclared:    int(o.maxDeclared),
		MaxWindow:      maxWindow,
		Pre:            o.pre.String(),
	}
}

// parts returns the parts of all sources in their order. Each download of an
// export is a part.
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

// probe asks the servers of URLs whether they send byte ranges, if fewer parts
// are remote than there are transfers: only then can several connections read
// one URL. If that fails, the run reports why.
func probe(ctx context.Context, parts []engine.Part, transfers int) {
	var urls []*sources.URL
	n := 0
	for _, part := range parts {
		if part.Info().Remote {
			n++
		}
		if u, ok := part.(*sources.URL); ok {
			urls = append(urls, u)
		}
	}
	for _, u := range urls {
		if n >= transfers || ctx.Err() != nil {
			return
		}
		// Other URLs of a server that does not answer would take as long.
		if err := u.Probe(ctx); errors.Is(err, sources.ErrTimeout) {
			return
		}
	}
}

// export returns the downloads of an export. It is an error if one of them is
// also a download of an export that was requested before.
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
