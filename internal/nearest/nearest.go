// Package nearest guesses what was meant by a word that is not known.
package nearest

import "strings"

// Word returns the word that was probably meant: the one with the fewest edits, or else the first of which at least
// three letters were given. It returns "" where none is near. Capitals do not count as edits.
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

// editDistance counts the bytes to insert, delete or replace to turn a into b, or returns limit where they are no
// fewer. It keeps one row of the table: row[j] belongs to the part of a seen so far and b[:j].
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
