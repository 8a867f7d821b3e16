package sources

import (
	"bufio"
	"errors"
	"fmt"
	"html"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// TestErrorsOfStoresAndProxies has servers answer as those of others do.
func TestErrorsOfStoresAndProxies(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		want   string // after "the server answered "
	}{
		{"S3", 403, `<?xml version="1.0" encoding="UTF-8"?>` + "\n<Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated " +
			"does not match &amp; so on.</Message><AWSAccessKeyId>AKIAEXAMPLE</AWSAccessKeyId></Error>",
			`403 Forbidden: "The request signature we calculated does not match & so on."`},
		{"S3, expired", 403, "<Error><Code>AccessDenied</Code><Message>Request has expired</Message><X-Amz-Expires>60</X-Amz-Expires></Error>",
			`403 Forbidden: the signature of the URL has expired: "Request has expired"`},
		{"S3, not there", 404, "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>P007~id.csv</Key></Error>",
			`404 Not Found: "The specified key does not exist."`},
		{"GCS, expired", 400, "<?xml version='1.0' encoding='UTF-8'?><Error><Code>ExpiredToken</Code><Message>Invalid argument.</Message>" +
			"<Details>Request signature expired at: 2026-01-01T00:00:00+00:00</Details></Error>",
			`400 Bad Request: the signature of the URL has expired: "Invalid argument."`},
		{"Azure, expired", 403, "\ufeff<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>AuthenticationFailed</Code><Message>Server failed to authenticate " +
			"the request.\nRequestId:1</Message><AuthenticationErrorDetail>Signature not valid in the specified time frame: Start [a] - Expiry [b]" +
			"</AuthenticationErrorDetail></Error>",
			`403 Forbidden: the signature of the URL has expired: "Server failed to authenticate the request. RequestId:1"`},
		{"nginx", 502, "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>P007~id</body></html>", `502 Bad Gateway: "502 Bad Gateway"`},
		{"squid", 503, "<HTML><HEAD>\n<TITLE lang=en>ERROR: The requested URL\n could not be retrieved</TITLE>", `503 Service Unavailable: "ERROR: The requested URL could not be retrieved"`},
		{"control characters", 400, "<title>\x1b]0;x&#27;[2J</title>", `400 Bad Request: "\x1b]0;x\x1b[2J"`},
		{"long", 400, "<Message>" + strings.Repeat("ö", 200) + "</Message>", `400 Bad Request: "` + strings.Repeat("ö", 100) + `"…`},
		{"expired only with these", 500, "<Error><Message>Request has expired</Message></Error>", `500 Internal Server Error: "Request has expired"`},
		{"nothing of it", 400, "<Error><Code>P007~id</Code></Error>", "400 Bad Request"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/xml")
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			})
			_, err := readPart(t, urlPart(t, Options{Retries: -1}, s.URL+"/x.csv"))
			if err == nil || err.Error() != "the server answered "+test.want {
				t.Errorf("got  %v\nwant the server answered %s", err, test.want)
			}
		})
	}
}

// TestMessagesHoldNoSecret has an object store repeat the secrets of a request
// in each of the elements that are shown.
func TestMessagesHoldNoSecret(t *testing.T) {
	for _, secret := range []string{leakedToken, leakedKey, leakedQuery} {
		for _, form := range []string{secret, html.EscapeString(secret), url.QueryEscape(secret), html.EscapeString(url.QueryEscape(secret))} {
			for _, element := range []string{"Message", "title"} {
				body := fmt.Sprintf("<%s>you sent (%s)</%s>", element, strings.ReplaceAll(form, "<", ""), element)
				wire := fmt.Sprintf("HTTP/1.1 400 No\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
				errs := askAll(t, leakyClient(t, wire))
				err := errs[len(errs)-1] // of the URL, with which all are sent
				mustNotLeak(t, err)
				if !strings.Contains(err.Error(), "[secret]") {
					t.Errorf("%s: nothing was removed from %v", element, err)
				}
			}
		}
	}
}

// TestBasic has servers ask for credentials.
func TestBasic(t *testing.T) {
	for challenge, want := range map[string]bool{
		`Basic realm="x"`: true, "basic": true, `Bearer realm="Basic"`: false, `Bearer error="x", Basic realm="y"`: true, "": false,
	} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", challenge)
			w.WriteHeader(http.StatusUnauthorized)
		})
		_, err := readPart(t, urlPart(t, Options{}, s.URL))
		status, ok := errors.AsType[*StatusError](err)
		if !ok || status.Basic != want || !errors.Is(err, ErrDenied) {
			t.Errorf("%q: got %+v", challenge, err)
		}
	}
}

// TestHTTPToAServerOfTLS sends http to ports for https.
func TestHTTPToAServerOfTLS(t *testing.T) {
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // it reports that the client does not use TLS
	secure.StartTLS()
	t.Cleanup(secure.Close)
	for name, address := range map[string]string{
		"Go":    strings.Replace(secure.URL, "https", "http", 1),
		"nginx": serve(t, raw("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<title>400 The plain HTTP request was sent to HTTPS port</title>")).URL,
		"alert": tcpServer(t, func(conn *net.TCPConn, requests *bufio.Reader, _ int) {
			_, _ = requests.Read(make([]byte, 100))
			_, _ = io.WriteString(conn, "\x15\x03\x01\x00\x02\x02\x16")
		}),
	} {
		_, err := readPart(t, urlPart(t, Options{}, address))
		if !errors.Is(err, ErrRequiresTLS) || !errors.Is(err, ErrDenied) || judge(err) != never {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestHTTPSThatMentionsTLS: the text of an https server about TLS is not about
// the scheme of the URL.
func TestHTTPSThatMentionsTLS(t *testing.T) {
	s := newCounted(t, true, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "the upstream: "+tlsPhrases[0], http.StatusBadRequest)
	})
	_, err := readPart(t, urlPart(t, trusting(t, s.Server), s.URL))
	if status, ok := errors.AsType[*StatusError](err); !ok || status.Code != http.StatusBadRequest {
		t.Errorf("got %v", err)
	}
}

// TestWrongContentEncoding checks that the error names the declared encoding,
// and is final after another attempt.
func TestWrongContentEncoding(t *testing.T) {
	zipped := string(gz(t, csvText))
	for name, test := range map[string]struct {
		encoding, body string
		err, class     error
		text           string
	}{
		"br":          {"br", "\x8b\x02\x80", ErrEncoding, ErrContent, "Content-Encoding that was not requested: br"},
		"deflate":     {"Deflate", "x", ErrEncoding, ErrContent, "Content-Encoding that was not requested: deflate"},
		"an id":       {leakedID, "x", ErrEncoding, ErrContent, "Content-Encoding that was not requested: not one of gzip, zstd and identity"},
		"not gzip":    {"gzip", csvText, ErrMislabeled, ErrCorrupt, "Content-Encoding is wrong: the data is not gzip"},
		"not zstd":    {"zstd", zipped, ErrMislabeled, ErrCorrupt, "Content-Encoding is wrong: the data is not zstd"},
		"cut at once": {"gzip", zipped[:3], ErrTruncated, ErrExhausted, "gzip compressed data is truncated"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, raw("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Encoding: "+test.encoding+"\r\n\r\n"+test.body))
			_, err := readPart(t, urlPart(t, Options{}, s.URL))
			if !errors.Is(err, test.err) || !errors.Is(err, test.class) || err.Error() != test.text {
				t.Errorf("got %v, want %s", err, test.text)
			}
		})
	}
}

// TestProxiesAreNamed: a refusal of a proxy names it, also if it forwards
// requests, and holds the title of its page without secrets.
func TestProxiesAreNamed(t *testing.T) {
	const page = "<html><title>ERROR: you are (canary), go away</title></html>"
	for name, test := range map[string]struct {
		raw, header string
		proxy       bool
	}{
		"CONNECT":              {"https://server.test/", "X-Any: x", true},
		"squid":                {"http://server.test/", "X-Squid-Error: ERR_ACCESS_DENIED 0", true},
		"Proxy-Status":         {"http://server.test/", "Proxy-Status: p; error=http_request_denied", true},
		"forwarded":            {"http://server.test/", "X-Any: x", false},
		"forwarded, no error ": {"http://server.test/", "Proxy-Status: p; received-status=403", false},
	} {
		t.Run(name, func(t *testing.T) {
			proxy := serve(t, raw(fmt.Sprintf("HTTP/1.1 403 Forbidden\r\n%s\r\nContent-Length: %d\r\n\r\n%s", test.header, len(page), page)))
			address := strings.Replace(proxy.URL, "http://", "http://me:canary@", 1)
			_, err := readPart(t, throughProxy(t, Options{}, address, test.raw))
			who := "the server"
			if test.proxy {
				who = "the proxy " + proxy.URL
			}
			want := who + ` answered 403 Forbidden: "ERROR: you are ([secret]), go away"`
			if err == nil || err.Error() != want || errors.Is(err, ErrProxy) != test.proxy || !errors.Is(err, ErrDenied) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}
