// Package shard computes where the shards of a job begin and end.
package shard

import "math/bits"

// Bound returns where shard i of n begins in a job of this total weight: i/n of
// it, rounded down. Shard i ends where shard i+1 begins. It requires
// 0 <= i <= n, 0 < n and 0 <= total.
func Bound(total int64, i, n int) int64 {
	high, low := bits.Mul64(uint64(total), uint64(i))
	quotient, _ := bits.Div64(high, low, uint64(n))
	return int64(quotient)
}

// IsBound reports whether a shard of n begins or ends at a place in a job of
// this total weight. It requires 0 <= at <= total, 0 < n and 0 < total.
func IsBound(total, at int64, n int) bool {
	high, low := bits.Mul64(uint64(at), uint64(n))
	i, remainder := bits.Div64(high, low, uint64(total))
	if remainder > 0 {
		i++ // the first shard that does not begin before at
	}
	return Bound(total, int(i), n) == at
}
