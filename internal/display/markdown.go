package display

import "strings"

// markdownSpecial are the characters that may have a meaning within a cell of a
// table. The underscore has none within a word, where it is most frequent.
const markdownSpecial = "\\`*[]<>&|~!#"

// AppendMarkdown appends text, which is printable, as it is written in a cell
// of a table in GitHub Flavored Markdown, or in a paragraph.
func AppendMarkdown(line []byte, text string) []byte {
	for i := range len(text) {
		c := text[i]
		atEdge := i == 0 || i == len(text)-1
		if strings.IndexByte(markdownSpecial, c) >= 0 || c == '_' && atEdge {
			line = append(line, '\\')
		}
		line = append(line, c)
	}
	return line
}
