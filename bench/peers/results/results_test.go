package results

import (
	"path/filepath"
	"slices"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{nil, 0},
		{[]float64{7}, 7},
		{[]float64{9, 1}, 5},
		{[]float64{100, 1, 3}, 3},
	} {
		if got := Median(c.values); got != c.want {
			t.Errorf("Median(%v) = %v, want %v", c.values, got, c.want)
		}
	}
}

func TestFigures(t *testing.T) {
	for _, c := range []struct {
		v      float64
		digits int
		want   string
	}{
		{0, 2, "0.00"}, {0.0304, 2, "0.030"}, {0.2, 2, "0.20"}, {6.71, 2, "6.7"}, {12, 2, "12"}, {374, 2, "374"},
		{0.0021, 3, "0.002"}, {1, 3, "1.00"}, {10.3, 3, "10.3"}, {563, 3, "563"},
	} {
		if got := Figures(c.v, c.digits); got != c.want {
			t.Errorf("Figures(%v, %d) = %s, want %s", c.v, c.digits, got, c.want)
		}
	}
}

func TestAppendRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.tsv")
	want := []Run{
		{"demo, one thread", Subject, "1", "1", false, 1, 1.5, 1.25, 4096, 100, 3, Checked, ""},
		{"demo, one thread", "cat", "", "1", true, 2, 0.5, 0, 1, 100, 3, Unchecked, ""},
		{"demo, one thread", "other", "", "", false, 0, 0, 0, 0, 100, 3, Missing, "a \"quoted\"\treason"},
	}
	for _, r := range want {
		if err := Append(path, []Run{r}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Programs are compared by the medians of their processor times, and a round in
// which the machine was slow does not change them.
func TestSummaries(t *testing.T) {
	var runs []Run
	for round, slow := range []float64{1, 10, 1} {
		runs = append(runs,
			Run{Series: "s", Program: Subject, Round: round + 1, CPU: slow, Bytes: 2e9, Answer: Checked},
			Run{Series: "s", Program: "half", Round: round + 1, CPU: 2 * slow, Bytes: 2e9, Answer: Checked})
	}
	runs = append(runs,
		Run{Series: "s", Program: "fast", Round: 2, CPU: 0.5, Bytes: 2e9, Answer: Checked},
		Run{Series: "s", Program: "liar", Round: 1, CPU: 0.1, Bytes: 2e9, Answer: Wrong, Note: "no"},
		Run{Series: "s", Program: "absent", Bytes: 2e9, Answer: Missing, Note: "no"},
		Run{Series: "t", Program: Subject, Round: 1, CPU: 4, Bytes: 2e9, Answer: Checked})

	list := Summarise(runs)
	if len(list) != 2 || list[0].Name != "s" || list[1].Name != "t" {
		t.Fatalf("got series %v", list)
	}
	var order []string
	by := make(map[string]Summary)
	for _, p := range list[0].Programs {
		order = append(order, p.Program)
		by[p.Program] = p
	}
	if want := []string{"fast", Subject, "half", "liar", "absent"}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
	if p := by["half"]; p.Rounds != 3 || p.Ratio != 2 || p.CPU != 2 || p.Faster != 0 || p.Speed() != 1 {
		t.Errorf("half: %+v", p)
	}
	if p := by["fast"]; p.Ratio != 0.5 || p.Faster != 1 || p.Compared != 1 {
		t.Errorf("fast: %+v", p)
	}
	if p := by["liar"]; p.Rounds != 0 || p.Answer != Wrong || p.Speed() != 0 {
		t.Errorf("liar: %+v", p)
	}
	if p, ok := list[0].Subject(); !ok || p.CPU != 1 {
		t.Errorf("subject: %+v, %v", p, ok)
	}
}
