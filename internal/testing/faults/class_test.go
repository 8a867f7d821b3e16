package faults

import (
	"context"
	"errors"

	"fastcount/engine"
	"fastcount/parser"
	"fastcount/sources"
)

// class is the kind of a failure that determines the exit code and the hints of
// the program.
type class string

const (
	classCancelled class = "cancelled"
	classLimit     class = "limit"
	classMismatch  class = "mismatch"
	classExhausted class = "exhausted"
	classNotFound  class = "not found"
	classDenied    class = "denied"
	classRedirect  class = "redirect"
	classTruncated class = "truncated"
	classCorrupt   class = "corrupt"
	classContent   class = "content"
	classMetadata  class = "metadata"
	classSyntax    class = "syntax"
	classStatus    class = "status"
	classOther     class = "other"
)

// classOf returns the class of an error of a client or a run.
func classOf(err error) class {
	for _, kind := range []struct {
		err error
		class
	}{
		{engine.ErrLimit, classLimit},
		{engine.ErrMismatch, classMismatch},
		{parser.ErrRecordTooLong, classLimit},
		{sources.ErrWindow, classLimit},
		{sources.ErrExhausted, classExhausted},
		{sources.ErrNotFound, classNotFound},
		{sources.ErrDenied, classDenied},
		{sources.ErrRedirect, classRedirect},
		{sources.ErrTruncated, classTruncated},
		{sources.ErrCorrupt, classCorrupt},
		{sources.ErrContent, classContent},
		{sources.ErrMetadata, classMetadata},
		{context.Canceled, classCancelled},
	} {
		if errors.Is(err, kind.err) {
			return kind.class
		}
	}
	if _, ok := errors.AsType[*parser.SyntaxError](err); ok {
		return classSyntax
	}
	if _, ok := errors.AsType[*sources.StatusError](err); ok {
		return classStatus
	}
	return classOther
}
