// Package nearest finds the known word that is most similar to an unknown one.
package nearest

import "strings"

// Word returns the element of words with the smallest edit distance to word, if
// that is less than 3 and less than half of the length of word, rounded up.
// Otherwise it returns the first element of which word is a prefix of at least
// three bytes, or "" if none is. Differences in case do not count as edits.
func Word(word string, words []string) string {
	best, bestEdits := "", min(3, (len(word)+1)/2)
	for _, w := range words {
		if edits := editDistance(strings.ToLower(word), strings.ToLower(w), bestEdits); edits < bestEdits {
			best, bestEdits = w, edits
		}
	}
	for _, w := range words {
		if best == "" && len(word) >= 3 && strings.HasPrefix(w, word) {
			best = w
		}
	}
	return best
}

// editDistance returns the number of bytes to insert, delete, replace or
// exchange with the next one in order to turn a into b (the optimal string
// alignment distance), or limit if there are at least that many. It holds rows
// of the matrix: row[j] is the distance between the processed part of a and
// b[:j].
func editDistance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row, above, before := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		row, above, before = before, row, above
		row[0] = i + 1
		for j := range len(b) {
			replace := above[j]
			if a[i] != b[j] {
				replace++
			}
			row[j+1] = min(replace, row[j]+1, above[j+1]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return min(row[len(b)], limit)
}
