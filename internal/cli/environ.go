package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// SetFromEnvironment sets each flag that was not set yet from its variable in
// environ, unless that is empty.
func SetFromEnvironment(flags *pflag.FlagSet, environ []string) error {
	values := Variables(environ)
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) {
		name := VariableOf(f.Name)
		value := values[name]
		if f.Changed || value == "" || f.Annotations[groupAnnotation] == nil {
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

// setFrom sets a flag to the value of a variable. A repeatable flag is set once
// for each line.
func setFrom(flags *pflag.FlagSet, f *pflag.Flag, value string) error {
	lines := []string{value}
	if isRepeatable(f.Value) {
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

// variablePrefix begins the names of all variables of this program.
const variablePrefix = "FASTCOUNT_"

// The variables that do not set a flag.
const (
	TokenVariable  = variablePrefix + "TOKEN"
	KernelVariable = variablePrefix + "KERNEL"
	RangeVariable  = variablePrefix + "RANGE_SIZE"
)

// VariableOf returns the name of the variable that sets a flag.
func VariableOf(flag string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// Variables returns the variables of this program in environ, by name. If a
// name is repeated, the last value counts.
func Variables(environ []string) map[string]string {
	values := make(map[string]string)
	for _, v := range environ {
		if name, value, _ := strings.Cut(v, "="); strings.HasPrefix(name, variablePrefix) {
			values[name] = value
		}
	}
	return values
}

// UnknownVariables returns the names of the variables in environ that have the
// prefix of this program and no meaning, sorted.
func UnknownVariables(root *cobra.Command, environ []string) []string {
	known := map[string]bool{TokenVariable: true, KernelVariable: true, RangeVariable: true}
	for flag := range flagNames(root) {
		known[VariableOf(flag)] = true
	}
	var unknown []string
	for name := range Variables(environ) {
		if !known[name] {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}
