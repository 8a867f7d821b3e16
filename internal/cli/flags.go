// Package cli holds the parts of the command line that are the same for every
// subcommand of fastcount: values of flags, environment variables, help, the
// manual page, completion, and errors with hints. It builds on cobra and pflag.
// The subcommands are in cmd/fastcount.
package cli

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// FlagSet holds the flags of a subcommand, in the groups and the order of its
// help.
type FlagSet struct {
	groups      []flagGroup
	own         []string                        // flags with variables of their own
	completions map[string]cobra.CompletionFunc // by placeholder
}

type flagGroup struct {
	title string
	*pflag.FlagSet
}

// Group begins a group of flags.
func (s *FlagSet) Group(title string) *pflag.FlagSet {
	g := flagGroup{title, pflag.NewFlagSet(title, pflag.ContinueOnError)}
	g.SortFlags = false
	s.groups = append(s.groups, g)
	return g.FlagSet
}

// Complete sets the completion for the values of flags with a placeholder.
func (s *FlagSet) Complete(placeholder string, f cobra.CompletionFunc) {
	if s.completions == nil {
		s.completions = make(map[string]cobra.CompletionFunc)
	}
	s.completions[placeholder] = f
}

// OwnVariables makes the variables of flags begin with the name of the
// subcommand, as in FASTCOUNT_DIFF_SINK. It is for flags that mean something
// else than those of the same name of count.
func (s *FlagSet) OwnVariables(flags ...string) { s.own = flags }

// The keys of the annotations of flags.
const (
	groupAnnotation = "group"    // the group of the flag
	ownVariable     = "variable" // see FlagSet.OwnVariables
)

// AddTo adds the flags, with the completion of their values, to a subcommand.
func (s *FlagSet) AddTo(c *cobra.Command) {
	c.Flags().SortFlags = false
	for _, g := range s.groups {
		g.VisitAll(func(f *pflag.Flag) {
			f.Annotations = map[string][]string{groupAnnotation: {g.title}}
			if slices.Contains(s.own, f.Name) {
				f.Annotations[ownVariable] = []string{VariableOf(c.Name() + "-" + f.Name)}
			}
			c.Flags().AddFlag(f)
		})
	}
	completeFlags(c, s.completions)
}

// FlagError returns an error of pflag as a usage error in the words of this
// program.
func FlagError(root *cobra.Command, err error) error {
	if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return Usagef("--%s %q: %w", e.GetFlag().Name, e.GetValue(), invalidValue(e))
	}
	if e, ok := errors.AsType[*pflag.NotExistError](err); ok {
		err = unknownFlag(root, e)
	}
	if e, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		value, _ := pflag.UnquoteUsage(e.GetFlag())
		err = fmt.Errorf("--%s: want a value: %s", e.GetFlag().Name, value)
	}
	if e, ok := errors.AsType[*pflag.InvalidSyntaxError](err); ok {
		err = fmt.Errorf("%s: flag without a name", e.GetSpecifiedFlag())
	}
	return Misuse(err)
}

// invalidValue returns why the value of a flag is invalid.
func invalidValue(e *pflag.InvalidValueError) error {
	if e.GetFlag().Value.Type() == "bool" {
		return errors.New("want true or false")
	}
	return e.Unwrap()
}

// flagNames returns the subcommands that have a flag, by the name of the flag.
func flagNames(root *cobra.Command) map[string][]string {
	names := make(map[string][]string)
	for _, c := range Subcommands(root) {
		for _, f := range FlagsOf(c) {
			names[f.Name] = append(names[f.Name], c.Name())
		}
	}
	return names
}

// AllFlags returns the names of the flags of all subcommands.
func AllFlags(root *cobra.Command) []string { return slices.Collect(maps.Keys(flagNames(root))) }

// Lookup returns the value of a flag as text, or "" for an unknown flag.
func Lookup(flags *pflag.FlagSet, name string) string {
	if f := flags.Lookup(name); f != nil {
		return f.Value.String()
	}
	return ""
}

// Flag describes a flag for help, references and completion.
type Flag struct {
	Name       string
	Short      string   // one letter, or ""
	Variable   string   // that sets it
	Value      string   // placeholder of its value, such as FILE; "" if it takes no value
	Text       string   // what it does, as a phrase
	Default    string   // "" if it is empty, zero or false
	Choices    []string // all values that it takes; nil if it takes any other
	Optional   bool     // whether the value may be left out
	Repeatable bool
}

// group describes a group of flags.
type group struct {
	Title string
	Flags []Flag
}

// groupsOf returns the groups of flags of a subcommand in the order of its
// help. The flag --help, which cobra adds, is in no group.
func groupsOf(c *cobra.Command) (groups []group) {
	c.Flags().VisitAll(func(f *pflag.Flag) {
		title := f.Annotations[groupAnnotation]
		if title == nil {
			return
		}
		if n := len(groups); n == 0 || groups[n-1].Title != title[0] {
			groups = append(groups, group{Title: title[0]})
		}
		g := &groups[len(groups)-1]
		g.Flags = append(g.Flags, describe(f))
	})
	return groups
}

// FlagsOf returns the flags of a subcommand in the order of its help.
func FlagsOf(c *cobra.Command) (all []Flag) {
	for _, g := range groupsOf(c) {
		all = append(all, g.Flags...)
	}
	return all
}

// describe returns the description of a flag.
func describe(f *pflag.Flag) Flag {
	value, text := pflag.UnquoteUsage(f)
	info := Flag{Name: f.Name, Short: f.Shorthand, Variable: variableFor(f), Value: value, Text: text}
	info.Optional = value != "" && f.NoOptDefVal != ""
	if !slices.Contains([]string{"0", "0s", "false", "[]"}, f.DefValue) {
		info.Default = f.DefValue
	}
	info.Repeatable = isRepeatable(f.Value)
	if c, ok := f.Value.(*Choice); ok {
		info.Choices = c.words
	}
	return info
}
