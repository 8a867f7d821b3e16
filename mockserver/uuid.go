package mockserver

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// uuid is the 16 bytes of a UUID.
type uuid [16]byte

// parseUUID reads a UUID in each form that Python's uuid.UUID takes: hyphens anywhere or nowhere, braces, urn:uuid:,
// letters of either case.
func parseUUID(s string) (id uuid, ok bool) {
	s = strings.NewReplacer("urn:", "", "uuid:", "").Replace(s)
	s = strings.ReplaceAll(strings.Trim(s, "{}"), "-", "")
	if len(s) != hex.EncodedLen(len(id)) {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(s))
	return id, err == nil
}

// String returns the usual form: lower case, five groups.
func (u uuid) String() string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
