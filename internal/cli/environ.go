package cli

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// SetFromEnvironment sets each flag that was not set yet from its variable in
// environ, unless that is empty. Such a flag is not marked as changed: only
// those of the command line are.
func SetFromEnvironment(flags *pflag.FlagSet, environ []string) error {
	values := Variables(environ)
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) {
		name := variableFor(f)
		value := values[name]
		if f.Changed || value == "" || f.Annotations[groupAnnotation] == nil {
			return
		}
		if err := setFrom(flags, f, value); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
		f.Changed = false
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
			if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
				err = fmt.Errorf("%q: %w", line, invalidValue(e))
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

// variableFor returns the name of the variable that sets f.
func variableFor(f *pflag.Flag) string {
	if own := f.Annotations[ownVariable]; own != nil {
		return own[0]
	}
	return VariableOf(f.Name)
}

// UnsetHints returns hints for the flags that an error names and a variable
// sets.
func UnsetHints(flags *pflag.FlagSet, err error) (hints []string) {
	var named []string
	for _, text := range Messages(err) {
		named = append(named, FlagNames(text)...)
	}
	flags.Visit(func(f *pflag.Flag) {
		if !f.Changed && slices.Contains(named, f.Name) {
			hints = append(hints, fmt.Sprintf("unset %s, which sets --%s", variableFor(f), f.Name))
		}
	})
	return hints
}

// flagName matches a flag in a text.
var flagName = regexp.MustCompile(`--([a-z][a-z0-9-]*)`)

// FlagNames returns the names of the flags in a text.
func FlagNames(text string) (names []string) {
	for _, m := range flagName.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	return names
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
	for _, c := range Subcommands(root) {
		for _, f := range FlagsOf(c) {
			known[f.Variable] = true
		}
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
