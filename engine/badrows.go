package engine

import (
	"bytes"
	"errors"
	"fmt"

	"fastcount/parser"
)

// badRows holds the rows that an attempt left out.
type badRows struct {
	rows  uint64
	times uint64   // those without a valid time
	kept  []BadRow // without the part's name; only if Config.KeepBadRows
}

// add adds a row. It returns an error if that exceeds Config.MaxBadRows.
func (b *badRows) add(err *parser.SyntaxError, record []byte, cfg Config) error {
	if b.rows == cfg.MaxBadRows {
		return fmt.Errorf("%w, after %s left out", err.Err, badRowNumber(b.rows, b.times))
	}
	b.rows++
	if errors.Is(err, parser.ErrInvalidTime) {
		b.times++
	}
	if cfg.KeepBadRows {
		b.kept = append(b.kept, BadRow{Err: err, Record: bytes.Clone(record)})
	}
	return nil
}

// take returns the rows that were kept, with the name of their part, and resets
// b.
func (b *badRows) take(part string) []BadRow {
	kept := b.kept
	for i := range kept {
		kept[i].Part = part
	}
	*b = badRows{}
	return kept
}
