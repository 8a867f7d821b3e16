package main

import (
	"slices"
	"strings"
)

const variablePrefix = "FASTCOUNT_"

// The variables that are no flags.
const (
	tokenVariable  = variablePrefix + "TOKEN"
	kernelVariable = variablePrefix + "KERNEL"
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

// unknownVariables returns the names of the variables that look like this program's and mean nothing, sorted.
func unknownVariables(environ []string) []string {
	known := map[string]bool{tokenVariable: true, kernelVariable: true}
	for flag := range flagNames() {
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
