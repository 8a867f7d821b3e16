// Package nearest finds the known word that is most similar to an unknown one.
package nearest

import "strings"

// Word returns the element of words with the smallest edit distance to word, if
// that is less than 3. Otherwise it returns the first element of which word is
// a prefix of at least three bytes, or "" if none is. Differences in case do
// not count as edits.
func Word(word string, words []string) string {
	best, bestEdits := "", min(3, len(word))
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

// editDistance returns the number of bytes to insert, delete or replace in
// order to turn a into b (the Levenshtein distance), or limit if there are at
// least that many. It holds one row of the matrix: row[j] is the distance
// between the processed part of a and b[:j].
func editDistance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
