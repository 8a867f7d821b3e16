package engine

// FuseAll returns c with the fused path for inputs of any size.
func FuseAll(c Config) Config {
	c.minFused = 1
	return c
}
