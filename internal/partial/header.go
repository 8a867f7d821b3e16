// Package partial reads and writes partial results: what was counted of a part
// of a job, so that it can be kept, sent and merged.
//
// A partial result is a text in three sections:
//
//	{"fastcount":"partial result","version":3,"job":"9f2c…","label":"3/64"}
//	4:P001,6:bp_dia,3106
//	4:P001,6:bp_sys,3098
//	{"pairs":2,"rows":6204,"bytes":272976,"parts":[…],"sha256":"41d0…"}
//
// The header describes the job, and names the key columns if they are not the
// default two. The groups follow in the order of the bytes of their values: of
// the first key column, then of the second, and so on. Each value is a
// netstring (D. J. Bernstein, 1997), so that it may hold any byte. The trailer
// holds what the groups, in it called pairs, must add up to, and a checksum.
// [Reader] lists the conditions that a partial result must meet.
//
// Versions 1 and 2 have the default two key columns. Version 1 has no dialect
// in the header, and of the counts of what was left out or tolerated only the
// number of records that span lines.
package partial

import (
	"errors"
	"slices"
	"unicode/utf8"

	"fastcount/engine"
	"fastcount/internal/jsonline"
	"fastcount/internal/shard"
)

// ErrCorrupt is matched by the errors for partial results that do not meet the
// conditions of [Reader].
var ErrCorrupt = errors.New("corrupt partial result")

// ErrVersion is matched by the error for a partial result of a version that
// this program cannot read.
var ErrVersion = errors.New("unsupported version of a partial result")

var format = &jsonline.Format{Name: "partial result", Version: 3, Oldest: 1, ErrCorrupt: ErrCorrupt, ErrVersion: ErrVersion}

// corrupt returns an error that matches ErrCorrupt.
func corrupt(text string, args ...any) error { return format.Corrupt(text, args...) }

// Header describes the job that a partial result belongs to.
type Header struct {
	Job   string `json:"job"`   // identifies the job, such as the digest of its plan
	Label string `json:"label"` // what was counted of it, such as "3/64"; for people

	// By holds the names of the key columns, as Report.By. Nil means the
	// default two.
	By []string `json:"by,omitempty"`

	// Covers are the intervals of the job that were counted, in the unit of
	// Total: in order, apart from each other, not empty. A result that is not
	// of a shard has no Covers and no Total.
	Covers []Interval `json:"covers,omitempty"`

	// Total is the weight of the whole job.
	Total int64 `json:"total,omitempty"`

	// Shards is the number of shards of the job, 0 if it is not known. If it is
	// known, Covers begin and end where shards do: shard i begins at
	// Total*i/Shards, rounded down.
	Shards int `json:"shards,omitempty"`

	// EscapeIDs reports that ids may hold any bytes, and that a report is to
	// escape them as Config.EscapeIDs does. All other ids are UTF-8.
	EscapeIDs bool `json:"escape_ids,omitempty"`

	// AllowDuplicateIDs reports that downloads of one id in several exports are
	// different downloads, all of which are to be counted.
	AllowDuplicateIDs bool `json:"allow_duplicate_ids,omitempty"`

	// Dialect holds the rules of [DialectRules] by which the input was read. It
	// is empty for the default dialect.
	Dialect map[string]string `json:"dialect,omitempty"`

	// NoDialect reports that the dialect is not recorded, as in version 1. It
	// is not written.
	NoDialect bool `json:"-"`
}

// Interval is a half-open interval [from, to) of the weight of a job.
type Interval [2]int64

// KeyNames returns By, or the names of the default two key columns.
func (h *Header) KeyNames() []string { return (&engine.Report{By: h.By}).KeyNames() }

// header is a Header as it is written.
type header struct {
	jsonline.FormatID
	Header
}

type trailer struct {
	Pairs uint64 `json:"pairs"`
	Rows  uint64 `json:"rows"`
	Bytes uint64 `json:"bytes"`
	Parts []Part `json:"parts"`
}

// validBy reports whether names can be Report.By.
func validBy(names []string) bool {
	for i, name := range names {
		if name == "" || !utf8.ValidString(name) || slices.Contains(names[:i], name) {
			return false
		}
	}
	return len(names) <= engine.MaxKeys
}

// check returns an error that matches ErrCorrupt unless h is well formed.
func (h *Header) check() error {
	switch {
	case !utf8.ValidString(h.Job) || !utf8.ValidString(h.Label):
		return corrupt("header: invalid UTF-8")
	case !validBy(h.By):
		return corrupt("header: invalid key columns")
	case !validRules(h.Dialect):
		return corrupt("header: invalid dialect")
	case h.Total < 0 || h.Shards < 0:
		return corrupt("header: negative number")
	case h.Total == 0 && (len(h.Covers) > 0 || h.Shards > 0):
		return corrupt("header: shard of a job without a total")
	}
	end := int64(-1)
	for _, c := range h.Covers {
		if c[0] <= end || c[1] <= c[0] || c[1] > h.Total {
			return corrupt("header: invalid interval")
		}
		if h.Shards > 0 && !(shard.IsBound(h.Total, c[0], h.Shards) && shard.IsBound(h.Total, c[1], h.Shards)) {
			return corrupt("header: interval does not consist of whole shards")
		}
		end = c[1]
	}
	return nil
}
