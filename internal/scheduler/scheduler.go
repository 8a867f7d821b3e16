// Package scheduler finds the number that a job scheduler gave to this task.
package scheduler

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrNoIndex reports that no scheduler has set the number of this task.
var ErrNoIndex = errors.New("no scheduler variable set")

// variables lists the variables in which schedulers store the number of a task,
// with the number of the first task.
var variables = []struct {
	name  string
	first int
}{
	{"SLURM_ARRAY_TASK_ID", 0},
	{"JOB_COMPLETION_INDEX", 0},
	{"AWS_BATCH_JOB_ARRAY_INDEX", 0},
	{"BATCH_TASK_INDEX", 0},
	{"CLOUD_RUN_TASK_INDEX", 0},
	{"SGE_TASK_ID", 1},
	{"PARALLEL_SEQ", 1},
	{"OMPI_COMM_WORLD_RANK", 0},
}

// TaskIndex returns the number of this task, from 0, by the variables in
// environ. It fails if two of them differ.
func TaskIndex(environ []string) (int, error) {
	index, from := 0, ""
	for _, v := range variables {
		text := lookup(environ, v.name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < v.first {
			return 0, fmt.Errorf("%s: not a task number: %q", v.name, text)
		}
		if n -= v.first; from != "" && n != index {
			return 0, fmt.Errorf("%s and %s: different task numbers", from, v.name)
		}
		index, from = n, v.name
	}
	if from == "" {
		return 0, ErrNoIndex
	}
	return index, nil
}

// lookup returns the last value of a variable in environ, or "" if it is not
// set.
func lookup(environ []string, name string) (value string) {
	for _, v := range environ {
		if n, text, _ := strings.Cut(v, "="); n == name {
			value = text
		}
	}
	return value
}
