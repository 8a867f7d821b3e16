// Package weburl parses and compares URLs of http and https, and gives them the
// form in which messages may contain them: without the query, which may hold a
// secret.
package weburl

import (
	"cmp"
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Parse parses an http or https URL, drops the fragment and makes an empty path
// "/". A URL with a user name or a password is an error. Errors do not quote
// the URL, which may contain a secret.
func Parse(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, errors.New("not a valid URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("not a URL that begins with http:// or https://")
	case u.Hostname() == "":
		return nil, errors.New("the URL has no host")
	case u.User != nil:
		return nil, errors.New("the URL contains a user name or password; use a token or header file")
	}
	u.Fragment, u.RawFragment = "", ""
	if u.Path == "" {
		u.Path = "/" // JoinPath would make an empty path relative
	}
	return u, nil
}

// Origin returns the scheme, host and port of u, to which secrets are bound.
// Equal origins give equal strings.
func Origin(u *url.URL) string {
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), Port(u))
}

// Port returns the port of u, or that of its scheme, http or https.
func Port(u *url.URL) string {
	return cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
}

// Public returns the form of u for messages, which is without its query.
func Public(u *url.URL) string { return PublicOrigin(u) + u.EscapedPath() }

// PublicOrigin returns the scheme, host and port of u as they are written, for
// messages.
func PublicOrigin(u *url.URL) string { return u.Scheme + "://" + u.Host }

// Normal returns a string that is the same for URLs that are equal after the
// normalisation of RFC 3986, sections 6.2.2 and 6.2.3: by case, by percent
// encoding, by dot segments, by the scheme's default port and an empty path.
func Normal(u *url.URL) string {
	text := Origin(u) + removeDotSegments(normalEscapes(u.EscapedPath()))
	if u.RawQuery != "" || u.ForceQuery {
		text += "?" + normalEscapes(u.RawQuery)
	}
	return text
}

// Similar returns a string that is also the same for URLs that differ only in
// repeated slashes or an empty query. Most servers treat them alike.
func Similar(u *url.URL) string {
	path := removeDotSegments(normalEscapes(u.EscapedPath()))
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return Origin(u) + path + "?" + normalEscapes(u.RawQuery)
}

// normalEscapes decodes the percent-encoding of unreserved characters and
// writes all other escapes in upper case.
func normalEscapes(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' || i+2 >= len(s) {
			b.WriteByte(s[i])
			continue
		}
		escape := s[i : i+3]
		i += 2
		switch decoded, err := url.PathUnescape(escape); {
		case err == nil && unreserved(decoded[0]):
			b.WriteString(decoded)
		default:
			b.WriteString(strings.ToUpper(escape))
		}
	}
	return b.String()
}

// unreserved reports whether c is an unreserved character (RFC 3986, section
// 2.3).
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// removeDotSegments removes the segments . and .. of a path that begins with a
// slash, as in RFC 3986, section 5.2.4.
func removeDotSegments(path string) string {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	var kept []string
	for i, s := range segments {
		switch {
		case s == "..":
			kept = kept[:max(0, len(kept)-1)]
		case s != ".":
			kept = append(kept, s)
			continue
		}
		if i == len(segments)-1 {
			kept = append(kept, "")
		}
	}
	return "/" + strings.Join(kept, "/")
}

// ValidPlace reports whether place is HOST or HOST:PORT. An IPv6 address with a
// port is in brackets.
func ValidPlace(place string) bool {
	host, port := splitPlace(place)
	return validHost(host) && (port == "" || validPort(port))
}

// IsAt reports whether u is at a valid place. Without PORT, that is the one of
// the scheme of u.
func IsAt(u *url.URL, place string) bool {
	host, port := splitPlace(place)
	return strings.EqualFold(host, u.Hostname()) && Port(u) == cmp.Or(port, Port(&url.URL{Scheme: u.Scheme}))
}

// splitPlace splits HOST or HOST:PORT.
func splitPlace(place string) (host, port string) {
	host, port, err := net.SplitHostPort(place)
	if err != nil || net.ParseIP(place) != nil {
		return strings.TrimSuffix(strings.TrimPrefix(place, "["), "]"), ""
	}
	return host, port
}

func validHost(host string) bool {
	return host != "" && (net.ParseIP(host) != nil || !strings.ContainsAny(host, ":/?#@*[] \t"))
}

func validPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}
