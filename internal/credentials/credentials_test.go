package credentials

import (
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// save writes a file with a mode into a directory of its own.
func save(t *testing.T, text string, mode os.FileMode) (name string) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestRead(t *testing.T) {
	headers := save(t, "# comment\n\nx-api-key: k:1 \r\nCookie: a=b\n", 0o600)
	token := save(t, " t1 \n", 0o600)
	for _, c := range []struct {
		name   string
		from   Sources
		header http.Header
		token  string
	}{
		{"none", Sources{}, http.Header{}, ""},
		{"flags", Sources{Headers: []string{"accept-language: en", "X-A:1", "X-A:2"}, Token: " env\n"},
			http.Header{"Accept-Language": {"en"}, "X-A": {"1", "2"}}, "env"},
		{"files", Sources{Headers: []string{"X-A:1"}, HeaderFile: headers, TokenFile: token, Token: "env"},
			http.Header{"X-A": {"1"}, "X-Api-Key": {"k:1"}, "Cookie": {"a=b"}}, "t1"},
		{"Authorization in a file", Sources{HeaderFile: save(t, "authorization: Basic x", 0o600), Token: "env"},
			http.Header{"Authorization": {"Basic x"}}, ""},
	} {
		got, err := c.from.Read()
		if err != nil || got.Token != c.token || !cmp.Equal(got.Header, c.header) {
			t.Errorf("%s: got %v, %q, %v", c.name, got.Header, got.Token, err)
		}
		if (got.Renew != nil) != (c.from.TokenFile != "") || got.Any() != (c.token != "" || len(c.header) > 0) {
			t.Errorf("%s: can be renewed: %t, any: %t", c.name, got.Renew != nil, got.Any())
		}
	}
}

// TestRenew checks that a changed token file is read again.
func TestRenew(t *testing.T) {
	token := save(t, "t1", 0o600)
	c, err := Sources{TokenFile: token}.Read()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(token, []byte("t2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Renew(); got != "t2" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestReadErrors checks that errors repeat nothing of a value.
func TestReadErrors(t *testing.T) {
	long := strings.Repeat("canary ", maxToken/7+1)
	for want, from := range map[string]Sources{
		"--header: want a name":                  {Headers: []string{"canary"}},
		"--header: Authorization: secret":        {Headers: []string{"authorization: canary"}},
		"--header-file: ":                        {HeaderFile: save(t, long, 0o600)},
		"line 2: want a name":                    {HeaderFile: save(t, "A: b\ncanary", 0o600)},
		"no such file or directory":              {TokenFile: filepath.Join(t.TempDir(), "none")},
		"--token-file: ":                         {TokenFile: save(t, long, 0o600)},
		": empty, or larger than 65536 bytes":    {TokenFile: save(t, " \n", 0o600)},
		"--header: Cookie: secret headers are n": {Headers: []string{"Cookie: canary"}},
	} {
		if runtime.GOOS == "windows" && strings.HasPrefix(want, "no such") {
			continue
		}
		_, err := from.Read()
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestExposed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes have no meaning on Windows")
	}
	open, closed := save(t, "x", 0o644), save(t, "x", 0o600)
	got := Sources{TokenFile: open, HeaderFile: closed, ClientCert: open, ClientKey: closed}.Exposed()
	if !slices.Equal(got, []string{open}) {
		t.Errorf("got %q", got)
	}
	if got := (Sources{ClientCert: open}).Exposed(); !slices.Equal(got, []string{open}) {
		t.Errorf("a certificate that may contain the key: got %q", got)
	}
}
