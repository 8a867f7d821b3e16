package sinks

import "strings"

// nearest returns the name that was probably meant: the first with the fewest edits, capitals aside, or "" where
// every name is more than two edits away or would have to be rewritten altogether.
func nearest(word string, names []string) string {
	best, bestEdits := "", 3
	if len(word) > 32 {
		return ""
	}
	for _, name := range names {
		edits := editDistance(strings.ToLower(word), name)
		if edits < bestEdits && edits < len(name) {
			best, bestEdits = name, edits
		}
	}
	return best
}

// editDistance counts the bytes to insert, delete or replace to turn a into b (Levenshtein). It keeps one row of
// the table: row[j] is the distance between the part of a seen so far and b[:j].
func editDistance(a, b string) int {
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
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
