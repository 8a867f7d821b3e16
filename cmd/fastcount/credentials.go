package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"

	"fastcount/internal/cli"
	"fastcount/sources"
)

// credentials may be secret. They are sent to the server that --server names,
// and to no other.
type credentials struct {
	header http.Header
	token  string
	renew  func() (string, error) // reads the file of the token again; nil without one
	cert   string                 // file of the client certificate
	key    string                 // file of its private key
}

// any reports whether there are credentials.
func (c credentials) any() bool { return c.token != "" || c.cert != "" || len(c.header) > 0 }

// credentials returns the credentials in the flags and the environment.
func (o *remoteOptions) credentials(p *program) (c credentials, err error) {
	c.cert, c.key = o.clientCert, cmp.Or(o.clientKey, o.clientCert)
	for _, file := range []string{o.tokenFile, o.headerFile, c.key} {
		if readableByOthers(file) {
			p.ui.Warn(fmt.Sprintf("%s: readable by other users; restrict it with: chmod 600 %s", file, file))
		}
	}
	if c.header, err = o.headers(); err != nil {
		return credentials{}, err
	}
	if o.tokenFile == "" && c.header.Get("Authorization") != "" {
		return c, nil // the file overrides the environment
	}
	c.token, err = o.token(p.environ)
	if regularFile(o.tokenFile) { // a FIFO may have no writer any more
		c.renew = func() (string, error) { return o.token(nil) }
	}
	return c, err
}

func regularFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// readableByOthers reports whether the mode of a regular file lets other users
// read it. On Windows the mode has no such meaning.
func readableByOthers(file string) bool {
	info, err := os.Stat(file)
	return err == nil && runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o044 != 0
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
			return nil, cli.Usage(cli.Hint(fmt.Errorf("--header: %s: secret headers are not accepted on the command line", name),
				"set a token with --token-file FILE or FASTCOUNT_TOKEN; it is sent as Authorization: Bearer",
				"put other secret headers into a file and name it with --header-file FILE"))
		}
	}
	if o.headerFile == "" {
		return header, nil
	}
	return header, readHeaders(header, o.headerFile)
}

// addHeader adds a line such as "Accept-Language: en" and returns the name. Its
// error contains nothing of the line.
func addHeader(header http.Header, line string) (name string, err error) {
	name, value, ok := strings.Cut(line, ":")
	name = http.CanonicalHeaderKey(strings.TrimSpace(name))
	if !ok || name == "" {
		return "", errors.New("want a name and a value, such as 'Accept-Language: en'")
	}
	header.Add(name, strings.TrimSpace(value))
	return name, nil
}

// readHeaders adds the headers in a file, one per line. It skips empty lines
// and lines that begin with #.
func readHeaders(header http.Header, file string) error {
	text, err := readStart(file, maxToken+1)
	if err != nil {
		return fmt.Errorf("--header-file: %w", err)
	}
	if len(text) > maxToken {
		return cli.Usagef("--header-file: %s: larger than %d bytes", file, maxToken)
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

// maxToken is the largest size of a token file and of a header file, in bytes.
const maxToken = 64 << 10

// token returns the token in the file of --token-file, or else in the
// environment. It returns "" if neither is set.
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
		return "", cli.Usagef("--token-file: %s: empty, or larger than %d bytes", o.tokenFile, maxToken)
	}
	return string(text), nil
}

// readStart returns at most the first limit bytes of a file.
func readStart(file string, limit int64) (text []byte, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, limit))
}
