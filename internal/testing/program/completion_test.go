package program

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// completions are command lines with words that must be offered at their ends,
// and words that must not. The directory has a file data.csv and a directory
// deep.
var completions = []struct {
	line        string
	want, never []string
}{
	{"fastcount ", []string{"serve", "generate", "completion", "demo", "large", "data.csv"}, nil},
	{"fastcount de", []string{"demo"}, []string{"large", "data.csv"}},
	{"fastcount serv", []string{"serve"}, []string{"demo"}},
	{"fastcount --com", []string{"--compact"}, []string{"--color", "demo"}},
	{"fastcount --color ", []string{"auto", "always", "never"}, []string{"demo"}},
	{"fastcount --color=al", []string{"always"}, []string{"auto", "never"}},
	{"fastcount --stats=", []string{"text", "json"}, nil},
	{"fastcount --compact sm", []string{"small"}, nil},
	{"fastcount --rejects da", []string{"data.csv"}, []string{"demo"}},
	{"fastcount --state de", []string{"deep"}, []string{"demo"}},
	{"fastcount --server $URL one", []string{"one-export"}, []string{"demo"}},
	{"fastcount --server $NOBODY dem", nil, []string{"demo"}},
	{"fastcount --sink nd", []string{"ndjson"}, []string{"json"}},
	{"fastcount -s csv=da", []string{"data.csv"}, nil},
	{"fastcount data.csv --event-column ev", []string{"event_type"}, []string{"patient_id", "data.csv"}},
	{"fastcount plan data.csv --patient-column @", []string{"@name", "@dir", "@path"}, []string{"patient_id"}},
	{"fastcount serve --li", []string{"--listen"}, []string{"--limit"}},
	{"fastcount serve --data de", []string{"deep"}, []string{"data.csv"}},
	{"fastcount generate ", []string{"demo", "small", "large"}, nil},
	{"fastcount help exit", []string{"exit-codes"}, nil},
	{"fastcount completion z", []string{"zsh"}, nil},
}

// shellScripts are scripts, by shell, that complete the lines in $TYPED with
// the completion scripts in the directory $SCRIPTS. They print the words for
// each line, followed by a line with "=".
var shellScripts = map[string]string{
	"bash": bashScript,
	"bash with bash-completion": `source /usr/share/bash-completion/bash_completion || exit 77
		` + bashScript,
	"fish": `source "$SCRIPTS/fish"
		for line in (string split \n -- $TYPED)
			complete -C $line | string replace -r '\t.*' ''
			echo =
		end`,
	"zsh": zshScript,
}

// bashScript completes as bash does: files where the script offers nothing and
// has not turned that off. compopt is replaced, because it works only while
// bash completes.
const bashScript = `source "$SCRIPTS/bash"
	[[ $(complete -p fastcount) == "complete -o default -F __start_fastcount fastcount" ]] || exit 9
	compopt() { [[ $* == "+o default" ]] && files=; }
	type() { echo builtin; }
	COLUMNS=0
	while IFS= read -r COMP_LINE; do
		COMP_POINT=${#COMP_LINE} COMP_TYPE=9 files=yes
		read -ra COMP_WORDS <<<"${COMP_LINE//=/ = }"
		[[ $COMP_LINE == *[[:space:]] ]] && COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		__start_fastcount fastcount
		if [[ $files && ! ${COMPREPLY[*]} ]]; then
			word=${COMP_LINE##*[= ]}
			COMPREPLY=($(compgen -f -- "$word"))
		fi
		printf '%s\n' "${COMPREPLY[@]%% *}" =
	done <<<"$TYPED"`

// zshScript presses Tab in a zsh on a terminal, which prints the words that it
// offers.
const zshScript = `zmodload zsh/zpty || exit 9
	zpty shell zsh -f -i
	zpty -w shell "PS1=; autoload -Uz compinit && compinit -C -D; source $SCRIPTS/zsh; setopt no_list_beep"
	zpty -w shell 'compadd() {
		local -a found
		[[ " ${@[1,(i)(-|--)]}" == *\ -[OAD]\ * ]] || { builtin compadd -A found "$@"; print -l -- "<"${^found}">" }
		builtin compadd "$@"
	}'
	zpty -w shell 'done-line() { BUFFER=; print -r -- "<en""d>" }; zle -N done-line; bindkey "^T" done-line'
	zpty -w shell 'bindkey "^I" complete-word; print -r -- "<rea""dy>"'
	zpty -r shell text '*<ready>*'
	for line in "${(@f)TYPED}"; do
		zpty -n -w shell $line$'\t\024'
		zpty -r shell text '*<end>*'
		print -r -- $text | tr -d '\r' | sed -n 's/^.*<\(.*\)>$/\1/p' | grep -vx end
		print =
	done`

// TestCompletionInShells completes lines in each shell that is installed.
func TestCompletionInShells(t *testing.T) {
	for shell, script := range shellScripts {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			shell, _, _ := strings.Cut(shell, " ")
			if _, err := exec.LookPath(shell); err != nil {
				t.Skipf("%s is not installed", shell)
			}
			dir, url := completionDir(t)
			var lines []string
			for _, c := range completions {
				lines = append(lines, strings.NewReplacer("$URL", url, "$NOBODY", "http://127.0.0.1:1").Replace(c.line))
			}
			cmd := exec.Command(shell, "-c", script)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "HOME="+dir, "SCRIPTS="+filepath.Join(dir, ".scripts"), "TYPED="+strings.Join(lines, "\n"), "TERM=dumb")
			out, err := cmd.Output()
			if cmd.ProcessState.ExitCode() == 77 {
				t.Skip("bash-completion is not installed")
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			offers := regexp.MustCompile("(?m)^=\n").Split(string(out), -1)
			if len(offers) != len(lines)+1 {
				t.Fatalf("%d answers to %d lines:\n%s", len(offers)-1, len(lines), out)
			}
			for i, c := range completions {
				checkOffer(t, lines[i], strings.Fields(offers[i]), c.want, c.never)
			}
		})
	}
}

// checkOffer checks the words that are offered. A shell may offer a whole word
// or the text after its last =, and a directory with a slash.
func checkOffer(t *testing.T, line string, offered, want, never []string) {
	t.Helper()
	var words []string
	for _, w := range offered {
		words = append(words, strings.TrimSuffix(w[strings.LastIndexByte(strings.TrimSuffix(w, "="), '=')+1:], "/"))
	}
	for _, w := range want {
		if !slices.Contains(words, w) {
			t.Errorf("%q: %s is not offered, but %q", line, w, offered)
		}
	}
	for _, w := range never {
		if slices.Contains(words, w) {
			t.Errorf("%q: %s is offered", line, w)
		}
	}
}

// completionDir returns a directory with files to complete and the completion
// scripts, and the URL of a server with two exports.
func completionDir(t *testing.T) (dir, url string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"bash", "zsh", "fish", "powershell"} {
		WriteText(t, filepath.Join(dir, ".scripts", name), completionScript(t, name))
	}
	WriteText(t, filepath.Join(dir, "data.csv"), "patient_id,event_type\n")
	WriteText(t, filepath.Join(dir, "deep", "x"), "")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"data":{"export_ids":["one-export","other"]}}`)
	}))
	t.Cleanup(server.Close)
	return dir, server.URL
}

// completionScript returns the completion script of a shell.
func completionScript(t *testing.T, shell string) string {
	t.Helper()
	script, stderr, code := runProgram(t, "completion", shell)
	if code != exitDone {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	return script
}

// TestPowershellParses loads the script in PowerShell if that is installed.
func TestPowershellParses(t *testing.T) {
	if _, err := exec.LookPath("pwsh"); err != nil {
		t.Skip("pwsh is not installed")
	}
	name := filepath.Join(t.TempDir(), "fastcount.ps1")
	WriteText(t, name, completionScript(t, "powershell"))
	if out, err := exec.Command("pwsh", "-NoProfile", "-File", name).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}

// TestIDsOfSlowServers checks that completion neither waits for a slow server
// nor reports it.
func TestIDsOfSlowServers(t *testing.T) {
	stuck := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stuck }))
	defer server.Close()
	defer close(stuck)
	begin := time.Now()
	cmd := exec.Command("fastcount", "__completeNoDesc", "--color", "auto", "--server", server.URL, "d")
	cmd.Dir = t.TempDir()
	out, err := cmd.Output()
	if err != nil || !strings.HasPrefix(string(out), ":") {
		t.Errorf("%v: %s", err, out)
	}
	if took := time.Since(begin); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
}
