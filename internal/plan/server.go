package plan

import (
	"errors"
	"fmt"

	"fastcount/sources"
)

var (
	// ErrOtherServer is matched by the error for a plan of another server than
	// the one that a worker names.
	ErrOtherServer = errors.New("plan for another server")

	// ErrSecrets is matched by the error for a worker that has secrets and
	// names no server.
	ErrSecrets = errors.New("secrets are not sent to a server that only the plan names")
)

// Server returns the base URL of the server of all downloads of the plan, ""
// for the built-in mock server. It returns false if there are no downloads.
func (p *Plan) Server() (server string, ok bool) {
	for i := range p.Entries {
		if d := p.Entries[i].Download; d != nil {
			return d.Server, true
		}
	}
	return "", false
}

// CheckServer decides whether a worker may count the downloads of the plan. A
// plan can name any server, so a worker sends its secrets only to the one that
// it names itself: own, or "" if it names none. Secrets reports whether it has
// any. The error matches ErrOtherServer, ErrSecrets or sources.ErrArgument.
func (p *Plan) CheckServer(own string, secrets bool) error {
	server, ok := p.Server()
	switch {
	case !ok || own == "" && (server == "" || !secrets):
		return nil
	case own == "":
		return fmt.Errorf("%w: %s", ErrSecrets, server)
	}
	c, err := sources.NewClient(sources.Options{Server: own})
	if err != nil {
		return err
	}
	defer c.Close()
	switch {
	case c.Server() == server:
		return nil
	case server == "":
		return fmt.Errorf("%w: the built-in mock server", ErrOtherServer)
	}
	return fmt.Errorf("%w: %s", ErrOtherServer, server)
}
