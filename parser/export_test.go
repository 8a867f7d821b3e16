package parser

// Blocks returns how many blocks were made without the record parser and how
// many by it.
func (r *Reader) Blocks() (fast, slow int) { return r.fastBlocks, r.slowBlocks }
