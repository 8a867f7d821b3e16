// Package redact removes the secrets that a client sends from text of a server,
// which may repeat them in an error or in a header.
//
// A secret is found without regard to case, in the forms in which servers
// repeat one: as it is, escaped for a URL, HTML, JSON or a quoted string, and
// within text that was encoded in base64. What a server computes from a secret,
// such as a hash, is not found.
package redact

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

// A Redactor removes secrets from text. A nil Redactor removes nothing. It is
// safe for concurrent use.
type Redactor struct {
	pattern *regexp.Regexp
}

// New returns a redactor of secrets, of which empty ones are ignored. It is nil
// without secrets.
func New(secrets []string) *Redactor {
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
	return &Redactor{regexp.MustCompile("(?i:" + strings.Join(slices.Compact(all), "|") + ")")}
}

// removed replaces a secret.
const removed = "[secret]"

var percentByte = regexp.MustCompile("%[0-9A-Fa-f]{2}")

// Redact returns text with each secret replaced by "[secret]". If text contains
// one in a form that cannot be replaced, all of it is.
func (r *Redactor) Redact(text string) string {
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

// minSecret is the length from which a value in a query, or of a header that is
// not known as secret, is treated as a secret. Shorter values are years,
// languages and the like.
const minSecret = 4

// HeaderSecrets returns the value of a header, and the parts of it that are
// secrets by themselves: the credentials that follow a scheme, and the values
// of cookies. It returns nil for a short value of a header that
// [IsSecretHeader] does not report.
func HeaderSecrets(name, value string) (secrets []string) {
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

// QuerySecrets returns the values in the query of a URL, as they are written
// and decoded, without short ones.
func QuerySecrets(u *url.URL) (secrets []string) {
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

// IsSecretHeader reports whether the header of that name holds a secret. The
// case of name does not matter.
func IsSecretHeader(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key":
		return true
	}
	return false
}
