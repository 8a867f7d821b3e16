package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

const variablePrefix = "FASTCOUNT_"

// The variables that are no flags.
const (
	tokenVariable  = variablePrefix + "TOKEN"
	kernelVariable = variablePrefix + "KERNEL"
	rangeVariable  = variablePrefix + "RANGE_SIZE"
)

// variableOf returns the name of the variable that sets a flag.
func variableOf(flag string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// variables returns the values of this program's variables. Of one that is there twice the last counts.
func variables(environ []string) map[string]string {
	values := make(map[string]string)
	for _, v := range environ {
		if name, value, _ := strings.Cut(v, "="); strings.HasPrefix(name, variablePrefix) {
			values[name] = value
		}
	}
	return values
}

// rangeSize returns how many bytes of a file a worker is to count at once, 0
// where that is not set. Tests split small files with it.
func rangeSize(environ []string) (int64, error) {
	text := variables(environ)[rangeVariable]
	if text == "" {
		return 0, nil
	}
	var n size
	if err := n.Set(text); err != nil {
		return 0, usage(fmt.Errorf("%s %q: %w", rangeVariable, text, err))
	}
	return int64(n), nil
}

// unknownVariables returns the names of the variables that look like this program's and mean nothing, sorted.
func unknownVariables(root *cobra.Command, environ []string) []string {
	known := map[string]bool{tokenVariable: true, kernelVariable: true, rangeVariable: true}
	for flag := range flagNames(root) {
		known[variableOf(flag)] = true
	}
	var unknown []string
	for name := range variables(environ) {
		if !known[name] {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}
