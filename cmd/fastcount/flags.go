package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fastcount/internal/nearest"
)

// flagSet holds the flags of a subcommand, in the groups and the order of its
// help.
type flagSet struct {
	groups []flagGroup
}

type flagGroup struct {
	title string
	*pflag.FlagSet
}

// group begins a group of flags.
func (s *flagSet) group(title string) *pflag.FlagSet {
	g := flagGroup{title, pflag.NewFlagSet(title, pflag.ContinueOnError)}
	g.SortFlags = false
	s.groups = append(s.groups, g)
	return g.FlagSet
}

// groupAnnotation is the key of the annotation that holds a flag's group.
const groupAnnotation = "group"

// addTo adds the flags to a subcommand.
func (s *flagSet) addTo(c *cobra.Command) {
	c.Flags().SortFlags = false
	for _, g := range s.groups {
		g.VisitAll(func(f *pflag.Flag) {
			f.Annotations = map[string][]string{groupAnnotation: {g.title}}
			c.Flags().AddFlag(f)
		})
	}
}

// flagError says what pflag's errors say in the words of this program.
func flagError(root *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		return unknownFlag(root, unknown.GetSpecifiedName())
	case errors.As(err, &invalid):
		return fmt.Errorf("--%s %q: %w", invalid.GetFlag().Name, invalid.GetValue(), invalid.Unwrap())
	}
	return err
}

// unknownFlag returns the error for a flag that no subcommand or another one
// has.
func unknownFlag(root *cobra.Command, name string) error {
	err := fmt.Errorf("unknown flag --%s", name)
	known := flagNames(root)
	if of, ok := known[name]; ok {
		return hinted(err, fmt.Sprintf("--%s is a flag of %s; give the subcommand as the first argument", name, strings.Join(of, ", ")))
	}
	if near := nearest.Word(name, slices.Sorted(maps.Keys(known))); near != "" {
		return hinted(err, "did you mean --"+near+"?")
	}
	return err
}

// flagNames returns the names of all flags, and the subcommands that have each.
func flagNames(root *cobra.Command) map[string][]string {
	names := make(map[string][]string)
	for _, c := range subcommands(root) {
		for _, f := range flagsOf(c) {
			names[f.name] = append(names[f.name], c.Name())
		}
	}
	return names
}

// lookup returns the value of a flag as text, or "" if there is no such flag.
func lookup(flags *pflag.FlagSet, name string) string {
	if f := flags.Lookup(name); f != nil {
		return f.Value.String()
	}
	return ""
}

// flagInfo describes a flag to whatever explains or completes flags.
type flagInfo struct {
	name       string
	short      string   // one letter, or ""
	value      string   // what stands for its value, such as FILE, DIR or N; "" of a flag that takes none
	text       string   // what it does
	byDefault  string   // the value that it has if it is not given, "" where that says nothing
	choices    []string // the words that it takes, nil where it takes others too
	optional   bool     // whether the value may be left out
	repeatable bool
}

// infoGroup describes a group of flags.
type infoGroup struct {
	title string
	flags []flagInfo
}

// groupsOf describes the flags of a subcommand in the groups and the order of
// the help. The flag --help, which cobra adds, is in no group.
func groupsOf(c *cobra.Command) (groups []infoGroup) {
	c.Flags().VisitAll(func(f *pflag.Flag) {
		title := f.Annotations[groupAnnotation]
		if title == nil {
			return
		}
		if n := len(groups); n == 0 || groups[n-1].title != title[0] {
			groups = append(groups, infoGroup{title: title[0]})
		}
		g := &groups[len(groups)-1]
		g.flags = append(g.flags, describeFlag(f))
	})
	return groups
}

// flagsOf describes the flags of a subcommand.
func flagsOf(c *cobra.Command) (all []flagInfo) {
	for _, g := range groupsOf(c) {
		all = append(all, g.flags...)
	}
	return all
}

func describeFlag(f *pflag.Flag) flagInfo {
	value, text := pflag.UnquoteUsage(f)
	info := flagInfo{name: f.Name, short: f.Shorthand, value: value, text: text}
	info.optional = value != "" && f.NoOptDefVal != ""
	if !slices.Contains([]string{"0", "0s", "false", "[]"}, f.DefValue) {
		info.byDefault = f.DefValue
	}
	_, info.repeatable = f.Value.(textList)
	if c, ok := f.Value.(*choice); ok {
		info.choices = c.words
	}
	return info
}
