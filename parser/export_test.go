package parser

import "fastcount/internal/simd"

// Blocks returns how many blocks were made without the record parser and how
// many by it.
func (r *Reader) Blocks() (fast, slow int) { return r.fastBlocks, r.slowBlocks }

// UseKernel makes r use kernel k until it is reset.
func (r *Reader) UseKernel(k simd.Kernel) { r.index = k.Index }
