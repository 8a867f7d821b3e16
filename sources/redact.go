package sources

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A redactor removes secrets from text of a server, which may repeat them. A
// nil redactor removes nothing.
type redactor struct {
	pattern *regexp.Regexp
}

// minSecret is the length from which a value in a query, or of a header that is
// not known as secret, is treated as a secret. Shorter values are years,
// languages and the like.
const minSecret = 4

// redactor returns a redactor of every secret that is sent with a request for u
// through the proxy, which may be nil.
func (c *Client) redactor(u, proxy *url.URL) *redactor {
	secrets := append(c.secrets(), querySecrets(u)...)
	if proxy != nil && proxy.User != nil {
		password, _ := proxy.User.Password()
		user := proxy.User.Username()
		secrets = append(secrets, password, base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
	}
	return newRedactor(secrets)
}

// secrets returns the secrets that are sent with every request to the server.
func (c *Client) secrets() []string {
	secrets := c.tokens.all()
	for name, values := range c.opts.Header {
		for _, v := range values {
			secrets = append(secrets, headerSecrets(name, v)...)
		}
	}
	return secrets
}

// minUnique is the length from which a secret does not occur in an id by
// chance.
const minUnique = 8

// repeats returns a function that reports whether an id contains a secret. Such
// an id must not be used, since messages contain ids.
func (c *Client) repeats() func(id string) bool {
	r := newRedactor(slices.DeleteFunc(c.secrets(), func(s string) bool { return len(s) < minUnique }))
	return func(id string) bool { return r.redact(id) != id }
}

// headerSecrets returns the value of a header, and the parts of it that are
// secrets by themselves: the credentials that follow a scheme, and the values
// of cookies.
func headerSecrets(name, value string) (secrets []string) {
	if !IsSecretHeader(name) {
		if len(value) < minSecret {
			return nil
		}
		return []string{value}
	}
	secrets = []string{value}
	if _, credentials, ok := strings.Cut(value, " "); ok && http.CanonicalHeaderKey(name) != "Cookie" {
		secrets = append(secrets, strings.TrimSpace(credentials))
		if basic, err := base64.StdEncoding.DecodeString(strings.TrimSpace(credentials)); err == nil {
			_, password, _ := strings.Cut(string(basic), ":")
			secrets = append(secrets, string(basic), password)
		}
	}
	if http.CanonicalHeaderKey(name) == "Cookie" {
		for pair := range strings.SplitSeq(value, ";") {
			_, v, _ := strings.Cut(pair, "=")
			secrets = append(secrets, strings.TrimSpace(v))
		}
	}
	return secrets
}

// querySecrets returns the values in the query of a URL.
func querySecrets(u *url.URL) (secrets []string) {
	for pair := range strings.FieldsFuncSeq(u.RawQuery, func(r rune) bool { return r == '&' || r == ';' }) {
		_, value, ok := strings.Cut(pair, "=")
		if !ok {
			value = pair
		}
		secrets = append(secrets, value)
		if plain, err := url.QueryUnescape(value); err == nil {
			secrets = append(secrets, plain)
		}
	}
	return slices.DeleteFunc(secrets, func(s string) bool { return len(s) < minSecret })
}

func newRedactor(secrets []string) *redactor {
	var all []string
	for _, s := range secrets {
		if s != "" {
			all = append(all, spellings(s)...)
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) }) // the longest matches first
	for i, s := range all {
		all[i] = regexp.QuoteMeta(s)
	}
	return &redactor{regexp.MustCompile("(?i:" + strings.Join(slices.Compact(all), "|") + ")")}
}

// spellings returns the forms in which a server may repeat a secret.
func spellings(s string) []string {
	all := []string{s, url.QueryEscape(s), url.PathEscape(s), html.EscapeString(s)}
	quoted := strconv.Quote(s)
	all = append(all, quoted[1:len(quoted)-1])
	if text, err := json.Marshal(s); err == nil {
		all = append(all, string(text[1:len(text)-1]))
	}
	return append(all, base64Forms(s)...)
}

// base64Forms returns the characters that encode s in base64 regardless of the
// bytes before and after it, for each of the three alignments.
func base64Forms(s string) (forms []string) {
	const shortest = 6 // shorter ones occur by chance
	for offset := range 3 {
		encoded := base64.RawStdEncoding.EncodeToString(append(bytes.Repeat([]byte{0}, offset), s...))
		from, to := (offset*8+5)/6, (offset+len(s))*8/6
		if to-from >= shortest {
			form := encoded[from:to]
			forms = append(forms, form, strings.NewReplacer("+", "-", "/", "_").Replace(form))
		}
	}
	return forms
}

// removed replaces a secret.
const removed = "[secret]"

var percentByte = regexp.MustCompile("%[0-9A-Fa-f]{2}")

// redact returns text with secrets replaced. If text contains one in a form
// that cannot be replaced, all of it is.
func (r *redactor) redact(text string) string {
	if r == nil {
		return text
	}
	text = r.pattern.ReplaceAllString(text, removed)
	decoded := percentByte.ReplaceAllStringFunc(text, func(s string) string {
		b, _ := strconv.ParseUint(s[1:], 16, 8) // two hexadecimal digits
		return string([]byte{byte(b)})
	})
	if slices.ContainsFunc([]string{decoded, html.UnescapeString(text), strings.ReplaceAll(decoded, "+", " ")}, r.pattern.MatchString) {
		return removed
	}
	return text
}
