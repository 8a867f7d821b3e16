package engine

import (
	"fmt"
	"slices"
)

// Proof is what shows that a part was read to its proper end. A stronger proof
// is greater.
type Proof uint8

const (
	// ProofNone means that the end of the input is all there is, as for a pipe
	// or a body that ends where the connection was closed.
	ProofNone Proof = iota

	// ProofFraming means that the sender marked the end: the last chunk of a
	// chunked body, the end of an HTTP/2 stream, the last block of zstd data
	// without a checksum, the exit status of a command. A proxy can end a body
	// well whose origin was cut.
	ProofFraming

	// ProofChecksum means that the checksums of gzip members, of bzip2 blocks,
	// or of zstd frames that all carry one, match.
	ProofChecksum

	// ProofLength means that the number of bytes is known: Content-Length, or
	// the size of a regular file that did not change, or of a member of an
	// archive.
	ProofLength

	// ProofRows means that the number of rows matches the one that the server
	// declared, or that the caller expected.
	ProofRows
)

var proofNames = [...]string{"none", "framing", "checksum", "length", "rows"}

// String returns none, framing, checksum, length or rows.
func (p Proof) String() string { return proofNames[p] }

// MarshalText implements encoding.TextMarshaler with the words of String.
func (p Proof) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Proof) UnmarshalText(text []byte) error {
	i := slices.Index(proofNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("%.20q is not a proof of completeness", text)
	}
	*p = Proof(i)
	return nil
}

// Proof returns the weakest proof of the parts that were counted, or ProofNone
// if no part was counted.
func (r *Report) Proof() Proof {
	weakest, counted := ProofRows, false
	for _, p := range r.Parts {
		if !p.Failed {
			weakest, counted = min(weakest, p.Verified), true
		}
	}
	if !counted {
		return ProofNone
	}
	return weakest
}

// ExpectRows compares the number of data rows of all parts, rows that were left
// out included, with n, and marks every part as proved by its rows. If the
// numbers differ the error matches [ErrExpectedRows]. If parts failed, the
// number of their rows is not known, and [Failures] lists them.
func (r *Report) ExpectRows(n uint64) error {
	var failed partErrors
	rows := r.Rows
	for _, p := range r.Parts {
		rows += p.BadRows
		if p.Failed {
			failed = append(failed, &PartError{Part: p.Name, Attempts: p.Attempts, Err: p.Err})
		}
	}
	switch {
	case failed != nil:
		return failed
	case rows != n:
		return classed(ErrExpectedRows, "%s counted, %d expected", rowNumber(rows), n)
	}
	for i := range r.Parts {
		r.Parts[i].Verified = ProofRows
	}
	return nil
}

// RequireProof returns nil if every part that was counted has a proof of at
// least this strength. Otherwise [Failures] lists the others, and the error of
// each matches [ErrWeakProof].
func (r *Report) RequireProof(least Proof) error {
	var weak partErrors
	for _, p := range r.Parts {
		if !p.Failed && p.Verified < least {
			err := classed(ErrWeakProof, "proof of completeness is %q, weaker than the required %q", p.Verified, least)
			weak = append(weak, &PartError{Part: p.Name, Attempts: 1, Err: err})
		}
	}
	return weak.asError()
}
