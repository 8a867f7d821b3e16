package main

import (
	"math"
	"testing"

	"github.com/spf13/pflag"
)

// setting is what Set of a flag's value makes of a text: its String, or "error".
func setting(v pflag.Value, text string) string {
	if v.Set(text) != nil {
		return "error"
	}
	return v.String()
}

func TestValues(t *testing.T) {
	for _, c := range []struct {
		value      pflag.Value
		text, want string
	}{
		{new(size), "1", "1"},
		{new(size), "65536", "64K"},
		{new(size), "64K", "64K"},
		{new(size), "8m", "8M"},
		{new(size), "1G", "1G"},
		{new(size), "1500", "1500"},
		{new(size), "1023M", "1023M"},
		{new(size), "0", "error"},
		{new(size), "0K", "error"},
		{new(size), "-1", "error"},
		{new(size), "K", "error"},
		{new(size), "", "error"},
		{new(size), "1KB", "error"},
		{new(size), "1.5K", "error"},
		{new(size), "9007199254740992K", "error"},
		{new(size), "99999999999999999999", "error"},
		{new(count), "1", "1"},
		{new(count), "0", "error"},
		{new(count), "-3", "error"},
		{new(count), "two", "error"},
		{new(expectedRows), "0", "0"},
		{new(expectedRows), "18446744073709551615", "18446744073709551615"},
		{new(expectedRows), "18446744073709551616", "error"},
		{new(expectedRows), "-1", "error"},
		{new(expectedRows), "", "error"},
		{new(retries), "0", "0"},
		{new(retries), "-1", "error"},
		{new(span), "90s", "1m30s"},
		{new(span), "1m", "1m"},
		{new(span), "0s", "error"},
		{new(span), "-1s", "error"},
		{new(span), "60", "error"},
		{new(column), "3", "3"},
		{new(column), "event", "event"},
		{new(column), "0", "error"},
		{new(column), "-2", "error"},
		{new(column), "", "error"},
		{new(delimiter), ";", ";"},
		{new(delimiter), `\t`, "\t"},
		{new(delimiter), "tab", "\t"},
		{new(delimiter), "\t", "\t"},
		{new(delimiter), "", "error"},
		{new(delimiter), "||", "error"},
		{new(delimiter), `"`, "error"},
		{new(delimiter), "\n", "error"},
		{new(delimiter), "é", "error"},
		{&choice{"a", []string{"a", "b"}}, "b", "b"},
		{&choice{"a", []string{"a", "b"}}, "c", "error"},
	} {
		if got := setting(c.value, c.text); got != c.want {
			t.Errorf("%s %q: got %q, want %q", c.value.Type(), c.text, got, c.want)
		}
	}
}

// A number of rows that is not given is not 0, which is one.
func TestExpectedRowsMayBeAbsent(t *testing.T) {
	e := new(expectedRows)
	if e.given || e.String() != "" {
		t.Errorf("absent: got %+v, %q", e, e)
	}
	if err := e.Set("0"); err != nil || !e.given || e.String() != "0" {
		t.Errorf("0: got %+v, %q, %v", e, e, err)
	}
}

func TestSizeIsAnInt(t *testing.T) {
	var s size
	if err := s.Set("7G"); (err == nil) != (math.MaxInt>>30 >= 7) {
		t.Errorf("7G: %v, although int holds up to %d", err, math.MaxInt)
	}
}
