package sources

import (
	"net/url"
	"strings"
)

// normalURL returns a string that is the same for URLs that are equal after the
// normalisation of RFC 3986, sections 6.2.2 and 6.2.3: by case, by percent
// encoding, by dot segments, by the scheme's default port and an empty path.
func normalURL(u *url.URL) string {
	text := origin(u) + removeDotSegments(normalEscapes(u.EscapedPath()))
	if u.RawQuery != "" || u.ForceQuery {
		text += "?" + normalEscapes(u.RawQuery)
	}
	return text
}

// similarURL returns a string that is also the same for URLs that differ only
// in repeated slashes or an empty query. Most servers treat them alike.
func similarURL(u *url.URL) string {
	path := removeDotSegments(normalEscapes(u.EscapedPath()))
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return origin(u) + path + "?" + normalEscapes(u.RawQuery)
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
