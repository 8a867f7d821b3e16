package parser

import "fastcount/internal/simd"

// Blocks returns the number of blocks made by the block parser and by the
// record parser.
func (r *Reader) Blocks() (fast, slow int) { return r.fastBlocks, r.slowBlocks }

// UseKernel makes r use kernel k until it is reset.
func (r *Reader) UseKernel(k simd.Kernel) { r.index = k.Index }

// UseGeneral makes r parse records of a simple dialect like those of any other
// until it is reset.
func (r *Reader) UseGeneral() { r.records.simple = false }
