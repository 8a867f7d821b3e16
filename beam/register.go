package main

import (
	"context"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
)

// registerAll makes the steps of the pipeline known by name. A stripped program has no other way to find them. It is
// called before beam.Init.
func registerAll() {
	register.DoFn2x1[string, func(int), error](&shareOut{})
	register.DoFn2x3[context.Context, int, int, []byte, error](&countShard{})
	register.DoFn2x3[int, func(*[]byte) bool, int, []byte, error](&addGroup{})
	register.DoFn2x1[int, func(*[]byte) bool, error](&writeResult{})
	register.Emitter1[int]()
	register.Iter1[[]byte]()
}
