package main

import (
	"embed"
	"fastcount/internal/human"
	"fmt"
	"maps"
	"slices"
	"strings"
)

//go:embed topics/*.txt
var topicFiles embed.FS

// topics returns the texts of "fastcount help TOPIC" by name.
func topics() map[string]string {
	entries, err := topicFiles.ReadDir("topics")
	if err != nil {
		panic(err) // the directory is part of the program
	}
	texts := make(map[string]string)
	for _, e := range entries {
		text, err := topicFiles.ReadFile("topics/" + e.Name())
		if err != nil {
			panic(err)
		}
		name := strings.TrimSuffix(e.Name(), ".txt")
		texts[name] = strings.Replace(string(text), "@CODES@\n", exitCodeList(), 1)
	}
	return texts
}

func topicNames() []string { return slices.Sorted(maps.Keys(topics())) }

// exitCodeList lists the exit codes and their meanings.
func exitCodeList() string {
	const indent = 7
	var b strings.Builder
	for _, c := range exitCodes {
		left := fmt.Sprintf("  %3d", c.code)
		for _, line := range human.Wrap(c.meaning, helpWidth-indent) {
			fmt.Fprintf(&b, "%-*s%s\n", indent, left, line)
			left = ""
		}
	}
	return b.String()
}
