package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// fromEnviron sets the flags that have a variable and were not set yet. An empty variable is none.
func fromEnviron(flags *pflag.FlagSet, environ []string) error {
	values := variables(environ)
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) {
		name := variableOf(f.Name)
		value := values[name]
		if f.Changed || value == "" {
			return
		}
		if err := setFrom(flags, f, value); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	})
	if len(errs) > 0 {
		return errs[0]
	}
	return nil
}

// setFrom sets a flag from a variable: one that may be repeated once for each line.
func setFrom(flags *pflag.FlagSet, f *pflag.Flag, value string) error {
	lines := []string{value}
	if _, repeatable := f.Value.(textList); repeatable {
		lines = strings.FieldsFunc(value, func(r rune) bool { return r == '\n' || r == '\r' })
	}
	for _, line := range lines {
		if err := flags.Set(f.Name, line); err != nil {
			if invalid := (*pflag.InvalidValueError)(nil); errors.As(err, &invalid) {
				err = fmt.Errorf("%q: %w", line, invalid.Unwrap())
			}
			return err
		}
	}
	return nil
}

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
