package sinks

import "testing"

func TestPrintable(t *testing.T) {
	tests := []struct{ id, want string }{
		{"P001", "P001"},
		{"a b", "a b"},
		{"é漢字", "é漢字"},
		{`a"b\n`, `a"b\n`},
		{"", `""`},
		{`""`, `"\"\""`},
		{" a", `" a"`},
		{"a ", `"a "`},
		{"a\nb", `"a\nb"`},
		{"\x1b[31m", `"\x1b[31m"`},
		{"\u009b31m", `"\u009b31m"`},
		{"a\u202eb", `"a\u202eb"`},
		{"a\u00a0b", `"a\u00a0b"`},
		{"\xff", `"\xff"`},
		{"\ufffd", "\ufffd"},
	}
	for _, tt := range tests {
		if got := printable(tt.id); got != tt.want {
			t.Errorf("printable(%q) = %s, want %s", tt.id, got, tt.want)
		}
	}
}

func TestDisplayWidth(t *testing.T) {
	tests := []struct {
		s    string
		want int
	}{
		{"", 0}, {"abc", 3}, {"é", 1}, {"e\u0301", 1}, {"漢字", 4}, {"한글", 4}, {"\u1112\u1161\u11ab", 2},
		{"ａ", 2}, {"ｱ", 1}, {"😀", 2}, {"𠀀", 2}, {"ひらがな", 8}, {"█…", 2}, {"עברית", 5}, {"a\u20dd", 1},
		{"⌚", 2}, {"☀", 1}, {"☔", 2}, {"✅", 2}, {"★", 1}, {"⭐", 2}, {"🌀", 2}, {"🌡", 1}, {"🕰", 1}, {"🚀", 2}, {"🟢", 2}, {"🩺", 2},
	}
	for _, tt := range tests {
		if got := displayWidth(tt.s); got != tt.want {
			t.Errorf("displayWidth(%q) = %d, want %d", tt.s, got, tt.want)
		}
	}
}

func TestShorten(t *testing.T) {
	tests := []struct {
		s     string
		width int
		want  string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"漢字", 4, "漢字"}, {"漢字", 3, "漢…"}, {"漢字", 2, "…"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…"}, {"e\u0301e\u0301", 2, "e\u0301e\u0301"}, {"abc", 1, "…"},
	}
	for _, tt := range tests {
		if got := shorten(tt.s, tt.width); got != tt.want {
			t.Errorf("shorten(%q, %d) = %q, want %q", tt.s, tt.width, got, tt.want)
		}
	}
}

func TestGroupDigits(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0", 999: "999", 1000: "1,000", 999_999: "999,999", 1_234_567: "1,234,567",
		1<<64 - 1: "18,446,744,073,709,551,615",
	} {
		if got := groupDigits(n); got != want {
			t.Errorf("groupDigits(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestBar(t *testing.T) {
	tests := []struct {
		part, whole uint64
		want        string
	}{
		{1, 1_000_000, "▏"}, {1, 32, "▏"}, {2, 32, "▎"}, {7, 32, "▉"}, {8, 32, "█"}, {17, 32, "██▏"},
		{32, 32, "████"}, {1<<64 - 1, 1<<64 - 1, "████"}, {1 << 63, 1<<64 - 1, "██"},
	}
	for _, tt := range tests {
		if got := bar(tt.part, tt.whole, 4); got != tt.want {
			t.Errorf("bar(%d, %d, 4) = %q, want %q", tt.part, tt.whole, got, tt.want)
		}
	}
}
