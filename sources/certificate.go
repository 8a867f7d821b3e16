package sources

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// readCertificate returns the client certificate in certFile with the private
// key in keyFile, which may be the same file. It returns nil without files. The
// error is about one of the files, and contains none of its content.
func readCertificate(certFile, keyFile string) (*tls.Certificate, error) {
	if certFile == "" && keyFile == "" {
		return nil, nil
	}
	if certFile == "" || keyFile == "" {
		return nil, unusable("a certificate and its private key are needed")
	}
	cert, err := os.ReadFile(certFile)
	if err != nil {
		return nil, fmt.Errorf("client certificate: %w", err)
	}
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, fmt.Errorf("private key of the client certificate: %w", err)
	}
	switch {
	case !hasBlock(cert, "CERTIFICATE"):
		return nil, unusable("%s: no PEM certificate found", certFile)
	case isEncrypted(key):
		return nil, unusable("%s: the private key is encrypted", keyFile)
	case !hasBlock(key, "PRIVATE KEY"):
		return nil, unusable("%s: no PEM private key found", keyFile)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, unusable("%s: %s %s", keyFile, describePair(err), certFile)
	}
	if err := inForce(pair, certFile, time.Now()); err != nil {
		return nil, err
	}
	return &pair, nil
}

func unusable(format string, args ...any) error {
	return mark(ErrArgument, fmt.Errorf("%w: "+format, slices.Insert(args, 0, any(ErrClientCertificate))...))
}

// describePair describes an error of [tls.X509KeyPair], which may quote what
// the files hold.
func describePair(err error) string {
	if strings.Contains(err.Error(), "does not match") {
		return "not the private key of the certificate in"
	}
	return "invalid private key, or an invalid certificate in"
}

// inForce returns an error if the certificate has expired, or is not yet valid.
func inForce(pair tls.Certificate, file string, now time.Time) error {
	const layout = "2006-01-02 15:04 MST"
	switch leaf := pair.Leaf; {
	case now.After(leaf.NotAfter):
		return unusable("%s: expired on %s", file, leaf.NotAfter.UTC().Format(layout))
	case now.Before(leaf.NotBefore):
		return unusable("%s: not valid before %s", file, leaf.NotBefore.UTC().Format(layout))
	}
	return nil
}

// hasBlock reports whether text holds a PEM block whose type ends in kind.
func hasBlock(text []byte, kind string) bool {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if strings.HasSuffix(block.Type, kind) {
			return true
		}
	}
	return false
}

// isEncrypted reports whether text holds an encrypted private key, in the form
// of PKCS #8 or in that of RFC 1421.
func isEncrypted(text []byte) bool {
	return bytes.Contains(text, []byte("BEGIN ENCRYPTED PRIVATE KEY")) || bytes.Contains(text, []byte("Proc-Type: 4,ENCRYPTED"))
}

// readRoots returns the certificates of the system and of the file. It returns
// nil, which means those of the system, if file is empty.
func readRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("certificates of the system: %w", err)
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, mark(ErrArgument, fmt.Errorf("%s: no PEM certificate found", file))
	}
	return roots, nil
}
