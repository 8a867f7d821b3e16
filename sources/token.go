package sources

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// tokens holds the token of a client, and those that it replaced. Tokens are
// numbered from 1.
type tokens struct {
	renew func() (string, error) // see Options.RenewToken; may be nil

	mu   sync.Mutex
	used []string // the last is the present one
}

// current returns the current token and its number, or 0 without a token.
func (t *tokens) current() (token string, number int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.used) == 0 {
		return "", 0
	}
	return t.used[len(t.used)-1], len(t.used)
}

// all returns every token that may have been sent.
func (t *tokens) all() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.used)
}

// replaced reports whether there is another token than that of a number, which
// a server denied access. It renews the token if it has not been since.
func (t *tokens) replaced(number int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if number < len(t.used) {
		return true
	}
	if t.renew == nil || number == 0 {
		return false
	}
	token, err := t.renew()
	if err != nil || token == "" || token == t.used[number-1] || checkToken(token) != nil {
		return false // the refusal is reported, which matters more
	}
	t.used = append(t.used, token)
	return true
}

// checkToken rejects a token that is not a valid header value.
func checkToken(token string) error {
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return mark(ErrArgument, errors.New("token: contains a space, line break or other invalid character"))
	}
	return nil
}

// renewable returns the number of the token with which a request was denied
// access (401), or 0 for other errors.
func renewable(err error) int {
	status, ok := errors.AsType[*StatusError](err)
	if !ok || status.Code != http.StatusUnauthorized {
		return 0
	}
	return status.token
}
