// Package credentials reads the headers and the token that fastcount sends to a
// server, from flags, files and the environment.
package credentials

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"

	"fastcount/internal/cli"
	"fastcount/sources"
)

// Sources are where credentials come from: the values of flags, and the token
// in the environment.
type Sources struct {
	Headers    []string // lines such as "Accept-Language: en", which must not be secret
	HeaderFile string
	TokenFile  string
	Token      string // if TokenFile is not set
	ClientCert string // file
	ClientKey  string // file; by default ClientCert
}

// Credentials may be secret. They are sent to the server that --server names,
// and to no other.
type Credentials struct {
	Header http.Header
	Token  string
	Renew  func() (string, error) // reads the file of the token again; nil without one
	Cert   string                 // file of the client certificate
	Key    string                 // file of its private key
}

// Any reports whether there are credentials.
func (c Credentials) Any() bool { return c.Token != "" || c.Cert != "" || len(c.Header) > 0 }

// Read reads the credentials.
func (s Sources) Read() (c Credentials, err error) {
	c.Cert, c.Key = s.ClientCert, cmp.Or(s.ClientKey, s.ClientCert)
	if c.Header, err = s.ReadHeader(); err != nil {
		return Credentials{}, err
	}
	if s.TokenFile == "" && c.Header.Get("Authorization") != "" {
		return c, nil // the file overrides the environment
	}
	if s.TokenFile == "" {
		c.Token = strings.TrimSpace(s.Token)
		return c, nil
	}
	c.Token, err = readToken(s.TokenFile)
	if info, statErr := os.Stat(s.TokenFile); statErr == nil && info.Mode().IsRegular() { // a FIFO may have no writer any more
		c.Renew = func() (string, error) { return readToken(s.TokenFile) }
	}
	return c, err
}

// Exposed returns the files of secrets that other users can read. On Windows it
// returns none, because modes have no such meaning there.
func (s Sources) Exposed() (files []string) {
	for _, file := range []string{s.TokenFile, s.HeaderFile, cmp.Or(s.ClientKey, s.ClientCert)} {
		info, err := os.Stat(file)
		if err == nil && runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o044 != 0 {
			files = append(files, file)
		}
	}
	return files
}

// ReadHeader returns the headers, without the token.
func (s Sources) ReadHeader() (http.Header, error) {
	header := make(http.Header)
	for _, line := range s.Headers {
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
	if s.HeaderFile == "" {
		return header, nil
	}
	return header, readHeaders(header, s.HeaderFile)
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
	text, err := cli.ReadFile(file, maxToken+1)
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

// readToken returns the token in a file.
func readToken(file string) (string, error) {
	text, err := cli.ReadFile(file, maxToken+1)
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	text = bytes.TrimSpace(text)
	if len(text) == 0 || len(text) > maxToken {
		return "", cli.Usagef("--token-file: %s: empty, or larger than %d bytes", file, maxToken)
	}
	return string(text), nil
}
