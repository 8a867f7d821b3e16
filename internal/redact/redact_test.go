package redact

import (
	"encoding/base64"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const secret = `s3cret"+/&ß token`

// TestForms removes a secret in all forms that can be replaced.
func TestForms(t *testing.T) {
	r := New([]string{"", secret, "other"})
	quoted := strconv.Quote(secret)
	for _, form := range []string{secret, strings.ToUpper(secret), url.QueryEscape(secret), url.PathEscape(secret), html.EscapeString(secret),
		strings.ToLower(url.QueryEscape(secret)), quoted[1 : len(quoted)-1], "other"} {
		if got := r.Redact("you sent <" + form + "> to us"); got != "you sent <[secret]> to us" {
			t.Errorf("%s: got %s", form, got)
		}
	}
	for before := range 6 {
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
			form := encoding.EncodeToString([]byte(strings.Repeat("x", before) + secret + ":y"))
			if got := r.Redact(form); !strings.Contains(got, "[secret]") || len(got) > len("[secret]")+before*4/3+8 {
				t.Errorf("%s: got %s", form, got)
			}
		}
	}
}

// TestFormsThatCannotBeReplaced: text that holds a secret in another form is
// removed as a whole.
func TestFormsThatCannotBeReplaced(t *testing.T) {
	var percent, numeric strings.Builder
	for _, b := range []byte(secret) {
		fmt.Fprintf(&percent, "%%%02x", b)
	}
	for _, c := range secret {
		fmt.Fprintf(&numeric, "&#%d;", c)
	}
	r := New([]string{secret})
	for _, form := range []string{percent.String(), numeric.String()} {
		if got := r.Redact("you sent " + form); got != "[secret]" {
			t.Errorf("%s: got %s", form, got)
		}
	}
	if got := New([]string{"two words"}).Redact("two+%77ords"); got != "[secret]" {
		t.Errorf("got %s", got)
	}
}

func TestNoSecrets(t *testing.T) {
	r := New([]string{"", ""})
	if r != nil || r.Redact("text") != "text" {
		t.Errorf("got %v", r)
	}
	if got := New([]string{secret}).Redact("100% of <b>"); got != "100% of <b>" {
		t.Errorf("got %s", got)
	}
}

// TestLongestFirst: a secret that begins with another one is removed whole.
func TestLongestFirst(t *testing.T) {
	if got := New([]string{"abcd", "abcdefgh"}).Redact("abcdefgh abcd"); got != "[secret] [secret]" {
		t.Errorf("got %s", got)
	}
}

func TestHeaderSecrets(t *testing.T) {
	basic := base64.StdEncoding.EncodeToString([]byte("me:password"))
	for _, test := range []struct {
		name, value string
		want        []string
	}{
		{"Accept-Language", "de", nil},
		{"X-Tenant", "a tenant", []string{"a tenant"}},
		{"x-api-key", "k", []string{"k"}},
		{"authorization", "Bearer t1", []string{"Bearer t1", "t1"}},
		{"Authorization", "Basic " + basic, []string{"Basic " + basic, basic, "me:password", "password"}},
		{"cookie", "a=1; b=2", []string{"a=1; b=2", "1", "2"}},
	} {
		if got := HeaderSecrets(test.name, test.value); !slices.Equal(got, test.want) {
			t.Errorf("%s: %s: got %q", test.name, test.value, got)
		}
	}
}

func TestQuerySecrets(t *testing.T) {
	u := &url.URL{RawQuery: "year=2026&v=1;sig=a%2Fb+c&%6Bkkk&bad=%zzzz"}
	want := []string{"2026", "2026", "a%2Fb+c", "a/b c", "%6Bkkk", "kkkk", "%zzzz"}
	if got := QuerySecrets(u); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
