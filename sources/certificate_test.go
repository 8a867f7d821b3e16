package sources

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority issues client certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	return key
}

func newAuthority(t *testing.T) *authority {
	key := newKey(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	check(t, err)
	cert, err := x509.ParseCertificate(der)
	check(t, err)
	return &authority{cert, key}
}

// issue returns a certificate that is in force for the time, and its key.
func (a *authority) issue(t *testing.T, from, to time.Time) (cert, key []byte) {
	private := newKey(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "client"}, NotBefore: from, NotAfter: to,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &private.PublicKey, a.key)
	check(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	check(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

// issued returns the files of a certificate that is in force.
func (a *authority) issued(t *testing.T) (cert, key string) {
	c, k := a.issue(t, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	return tempFile(t, "cert.pem", c), tempFile(t, "key.pem", k)
}

// mutual starts a server that requires a certificate of the authority.
func mutual(t *testing.T, a *authority, version uint16, h http.HandlerFunc) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	s.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool, MaxVersion: version}
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it reports clients without a valid certificate
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func answerCSV(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, csvText) }

// TestClientCertificate connects with a certificate that the server accepts,
// with one of another authority, and with none.
func TestClientCertificate(t *testing.T) {
	accepted, other := newAuthority(t), newAuthority(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		s := mutual(t, accepted, version, answerCSV)
		for name, issuer := range map[string]*authority{"accepted": accepted, "of another authority": other, "none": nil} {
			t.Run(fmt.Sprintf("%s, %s", tls.VersionName(version), name), func(t *testing.T) {
				o := Options{CAFile: certificateFile(t, s.Certificate())}
				if issuer != nil {
					o.ClientCert, o.ClientKey = issuer.issued(t)
				}
				got, err := readPart(t, urlPart(t, o, s.URL))
				if issuer == accepted {
					if got != csvText || err != nil {
						t.Errorf("got %q, %v", got, err)
					}
					return
				}
				named := strings.Contains(err.Error(), "certificate") || issuer == nil && version == tls.VersionTLS12 // a handshake failure
				if !errors.Is(err, ErrTLS) || judge(err) != never || !named {
					t.Errorf("got %v", err)
				}
			})
		}
	}
}

// TestRefusalOfNginx has a server refuse a certificate after the handshake.
func TestRefusalOfNginx(t *testing.T) {
	for _, title := range []string{"400 No required SSL certificate was sent", "400 The SSL certificate error"} {
		s := serve(t, raw("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<title>"+title+"</title>"))
		if _, err := readPart(t, urlPart(t, Options{}, s.URL)); !errors.Is(err, ErrTLS) || !errors.Is(err, ErrDenied) {
			t.Errorf("%s: got %v", title, err)
		}
	}
}

// TestUnusableCertificates: each defect is reported with the file that has it,
// and before anything connects.
func TestUnusableCertificates(t *testing.T) {
	a, now := newAuthority(t), time.Now()
	good, goodKey := a.issue(t, now.Add(-time.Hour), now.Add(time.Hour))
	_, otherKey := a.issue(t, now.Add(-time.Hour), now.Add(time.Hour))
	old, oldKey := a.issue(t, now.Add(-2*time.Hour), now.Add(-time.Hour))
	early, earlyKey := a.issue(t, now.Add(time.Hour), now.Add(2*time.Hour))
	body := string(goodKey[len("-----BEGIN PRIVATE KEY-----"):])
	for name, test := range map[string]struct {
		cert, key []byte
		text      string // CERT and KEY are the files
	}{
		"two files":       {good, goodKey, ""},
		"both in both":    {join(goodKey, good), join(good, goodKey), ""},
		"expired":         {old, oldKey, "CERT: expired on " + now.Add(-time.Hour).UTC().Format("2006-01-02 15:04 MST")},
		"not yet":         {early, earlyKey, "CERT: not valid before " + now.Add(time.Hour).UTC().Format("2006-01-02 15:04 MST")},
		"another key":     {good, otherKey, "KEY: not the private key of the certificate in CERT"},
		"encrypted":       {good, []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----" + body), "KEY: the private key is encrypted"},
		"encrypted, old":  {good, []byte("-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"), "KEY: the private key is encrypted"},
		"no certificate":  {goodKey, goodKey, "CERT: no PEM certificate found"},
		"no key":          {good, good, "KEY: no PEM private key found"},
		"a damaged key":   {good, []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), "KEY: invalid private key, or an invalid certificate in CERT"},
		"swapped":         {goodKey, good, "CERT: no PEM certificate found"},
		"not PEM at all":  {[]byte("canary"), goodKey, "CERT: no PEM certificate found"},
		"an empty key":    {good, nil, "KEY: no PEM private key found"},
		"damaged, quoted": {[]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), goodKey, "KEY: invalid private key, or an invalid certificate in CERT"},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{ClientCert: tempFile(t, "cert.pem", test.cert), ClientKey: tempFile(t, "key.pem", test.key)}
			_, err := NewClient(o)
			if test.text == "" {
				check(t, err)
				return
			}
			want := ErrClientCertificate.Error() + ": " + strings.NewReplacer("CERT", o.ClientCert, "KEY", o.ClientKey).Replace(test.text)
			if err == nil || err.Error() != want || !errors.Is(err, ErrClientCertificate) || !errors.Is(err, ErrArgument) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
	missing := filepath.Join(t.TempDir(), "none")
	for _, o := range []Options{{ClientCert: missing, ClientKey: missing}, {ClientCert: tempFile(t, "c", good), ClientKey: missing}} {
		if _, err := NewClient(o); err == nil || !strings.Contains(err.Error(), missing) {
			t.Errorf("%v: got %v", o, err)
		}
	}
	if _, err := NewClient(Options{ClientCert: missing}); !errors.Is(err, ErrClientCertificate) {
		t.Errorf("no key is named: got %v", err)
	}
}

// TestCertificateStaysHome: a server that was only redirected to, and a proxy,
// get no certificate.
func TestCertificateStaysHome(t *testing.T) {
	a := newAuthority(t)
	ask := func(s *httptest.Server) {
		s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
		s.StartTLS()
		t.Cleanup(s.Close)
	}
	store := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TLS.PeerCertificates) > 0 {
			t.Error("the target of a redirect got the certificate")
		}
		answerCSV(w, r)
	}))
	ask(store)
	asked := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; len(r.TLS.PeerCertificates) != 1 {
			t.Error("the server got no certificate")
		}
		http.Redirect(w, r, store.URL+"/x.csv", http.StatusFound)
	}))
	ask(server)
	o := Options{CAFile: certificateFile(t, server.Certificate()), AllowRedirect: []string{strings.TrimPrefix(store.URL, "https://")}}
	o.ClientCert, o.ClientKey = a.issued(t)
	c := newClient(t, o)
	readAgain(t, c, server.URL, 2)
	if asked != 2 {
		t.Errorf("the server was asked %d times", asked)
	}
}

// TestServerOnly sends the certificate, if it is for the server only, to the
// server and not to the origin of another URL.
func TestServerOnly(t *testing.T) {
	got := make(map[string]int) // certificates, by host
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got[r.Host] = len(r.TLS.PeerCertificates)
		answerCSV(w, r)
	}))
	s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	s.StartTLS()
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	check(t, err)
	home, other := "127.0.0.1:"+port, "example.com:"+port // both are names of the certificate of httptest
	o := Options{CAFile: certificateFile(t, s.Certificate()), Server: "https://" + home, ServerOnly: true}
	o.ClientCert, o.ClientKey = newAuthority(t).issued(t)
	o.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, home)
	}
	for _, serverOnly := range []bool{true, false} {
		o.ServerOnly = serverOnly
		c := newClient(t, o)
		readAgain(t, c, "https://"+home, 1)
		readAgain(t, c, "https://"+other, 1)
		if want := map[bool]int{true: 0, false: 1}[serverOnly]; got[home] != 1 || got[other] != want {
			t.Errorf("ServerOnly %v: got %v", serverOnly, got)
		}
	}
}
