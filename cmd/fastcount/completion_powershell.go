package main

import (
	"fmt"
	"strings"
)

// powershellCompletion returns the script for PowerShell, of version 5 on. Where it offers nothing PowerShell itself
// offers files.
func powershellCompletion() string {
	var flags, arguments strings.Builder
	for _, v := range allVerbs() {
		for _, f := range v.flags() {
			key := powershellQuoted(v.name + " --" + f.name)
			fmt.Fprintf(&flags, "        %s = @(%s)\n", key, powershellFlag(f))
			if f.short != "" {
				fmt.Fprintf(&flags, "        %s = @(%s)\n", powershellQuoted(v.name+" -"+f.short), powershellFlag(f))
			}
		}
		fmt.Fprintf(&arguments, "        '%s' = @(%s)\n", v.name, powershellWords(argumentsOf(v.name).words))
	}
	return strings.NewReplacer("        @FLAGS@\n", flags.String(), "        @ARGUMENTS@\n", arguments.String(),
		"@VERBS@", powershellWords(verbNames())).Replace(powershellTemplate)
}

// powershellFlag returns how a flag takes its value, what it does, and the words that it takes.
func powershellFlag(f flagInfo) string {
	takes := "value"
	switch {
	case f.value == "":
		takes = "none"
	case f.optional:
		takes = "optional"
	}
	e := f.expects()
	if e.sink {
		e.words = sinkWords()
	}
	return powershellWords(append([]string{takes, f.text}, e.words...))
}

func powershellWords(words []string) string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = powershellQuoted(w)
	}
	return strings.Join(list, ", ")
}

func powershellQuoted(s string) string { return quoted(s, "'", "''") }

const powershellTemplate = `# PowerShell completion of fastcount. Load it with:
# fastcount completion powershell | Out-String | Invoke-Expression

Register-ArgumentCompleter -Native -CommandName fastcount, fastcount.exe -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # how each flag takes its value, what it does, and the words that it takes
    $table = [ordered]@{
        @FLAGS@
    }
    # the words that each verb takes
    $arguments = @{
        @ARGUMENTS@
    }
    $verbs = @(@VERBS@)

    $before = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
            ForEach-Object { $_.Extent.Text })
    $verb = 'count'
    if ($before.Count -gt 1 -and $verbs -ccontains $before[1]) { $verb = $before[1] }

    function offer($text, $tip) {
        [System.Management.Automation.CompletionResult]::new($text, $text, 'ParameterValue', $tip)
    }

    $flag = $table["$verb $($before[-1])"]
    $prefix = ''
    $value = $wordToComplete
    if ($wordToComplete -cmatch '^(--[a-z0-9-]+)=(.*)$') {
        $flag = $table["$verb $($Matches[1])"]
        $prefix = "$($Matches[1])="
        $value = $Matches[2]
    } elseif ($flag -and $flag[0] -ne 'value') {
        $flag = $null
    }
    if ($flag) {
        $flag | Select-Object -Skip 2 | Where-Object { $_.StartsWith($value) } |
            ForEach-Object { offer "$prefix$_" $flag[1] }
        return
    }
    if ($wordToComplete.StartsWith('-')) {
        foreach ($key in $table.Keys) {
            $of, $name = $key -split ' ', 2
            if ($of -ceq $verb -and $name.StartsWith($wordToComplete)) { offer $name $table[$key][1] }
        }
        return
    }
    $words = @($arguments[$verb])
    if ('count', 'plan' -ccontains $verb) {
        if ($before.Count -lt 2) { $words += $verbs }
        $rest = @($before | Select-Object -Skip 1)
        $words += @(& $before[0] completion exports '--' @rest 2>$null)
    }
    $words | Where-Object { $_ -and $_.StartsWith($wordToComplete) } | ForEach-Object { offer $_ $_ }
}
`
