package sources

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"fastcount/internal/httpconn"
)

// checkPlaces rejects places of AllowRedirect that are not HOST or HOST:PORT.
func checkPlaces(places []string) error {
	for _, place := range places {
		if host, port := splitPlace(place); !validHost(host) || port != "" && !validPort(port) {
			return mark(ErrArgument, fmt.Errorf("redirects to %s: not HOST or HOST:PORT", quote(place)))
		}
	}
	return nil
}

// splitPlace splits HOST or HOST:PORT. An IPv6 address with a port is in
// brackets.
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

// mayLeave reports whether a request for data may be redirected from u to the
// other origin of to.
func (c *Client) mayLeave(u, to *url.URL) bool {
	if to.Scheme != "https" && (to.Scheme != "http" || u.Scheme == "https") {
		return false
	}
	for _, place := range c.opts.AllowRedirect {
		host, port := splitPlace(place)
		if strings.EqualFold(host, to.Hostname()) && httpconn.Port(to) == cmp.Or(port, httpconn.Port(&url.URL{Scheme: to.Scheme})) {
			return true
		}
	}
	return false
}
