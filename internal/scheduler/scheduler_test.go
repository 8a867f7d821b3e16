package scheduler_test

import (
	"errors"
	"strings"
	"testing"

	"fastcount/internal/scheduler"
)

func TestTaskIndex(t *testing.T) {
	for _, c := range []struct {
		environ string
		want    int
		err     string // part of the error; "" for none
	}{
		{"SLURM_ARRAY_TASK_ID=7", 7, ""},
		{"SGE_TASK_ID=1 PARALLEL_SEQ=", 0, ""},
		{"PARALLEL_SEQ=8 OMPI_COMM_WORLD_RANK=7", 7, ""},
		{"JOB_COMPLETION_INDEX=1 JOB_COMPLETION_INDEX=2", 2, ""},
		{"JOB_COMPLETION_INDEX=0", 0, ""},
		{"SGE_TASK_ID=undefined", 0, `SGE_TASK_ID: not a task number: "undefined"`},
		{"SGE_TASK_ID=0", 0, "not a task number"},
		{"SLURM_ARRAY_TASK_ID=-1", 0, "not a task number"},
		{"SLURM_ARRAY_TASK_ID=3 JOB_COMPLETION_INDEX=4", 0, "SLURM_ARRAY_TASK_ID and JOB_COMPLETION_INDEX: different task numbers"},
		{"SLURM_ARRAY_TASK_ID_OTHER=3", 0, "no scheduler variable"},
	} {
		got, err := scheduler.TaskIndex(strings.Fields(c.environ))
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: got %d, %v; want %d, %q", c.environ, got, err, c.want, c.err)
		}
	}
	if _, err := scheduler.TaskIndex(nil); !errors.Is(err, scheduler.ErrNoIndex) {
		t.Errorf("got %v", err)
	}
}
