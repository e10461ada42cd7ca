"""The scripts for the shells. Each gives its words to `chatops complete-words SHELL` and shows what comes back.

What comes back is a line for each word: the word, a tab, its explanation. `:files` alone: let the shell complete files.
"""

from __future__ import annotations

BASH = r"""# chatops completion for bash: put this line into ~/.bashrc:  source <(chatops completion bash)
_chatops() {
    local IFS=$'\n'
    # The line itself: bash takes words apart at colons, which are parts of model ids.
    COMPREPLY=($(COMP_LINE="$COMP_LINE" COMP_POINT="$COMP_POINT" "${COMP_WORDS[0]}" complete-words bash 2>/dev/null))
    if [[ ${COMPREPLY[0]} == :files ]]; then
        COMPREPLY=()
        compopt -o default
    fi
}
complete -o nosort -F _chatops chatops
"""

ZSH = r"""#compdef chatops
# chatops completion for zsh: put this line into ~/.zshrc, after compinit:  source <(chatops completion zsh)
_chatops() {
    local -a lines shown
    local line
    lines=("${(@f)$(_call_program words ${words[1]} complete-words zsh -- "${(@q)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ ${lines[1]} == :files ]]; then
        _files
        return
    fi
    for line in $lines; do
        shown+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done
    _describe -V chatops shown
}
compdef _chatops chatops
"""

FISH = r"""# chatops completion for fish: put this line into config.fish:  chatops completion fish | source
function __chatops_complete
    set -l words (commandline -opc)
    set -l lines ($words[1] complete-words fish -- $words[2..] (commandline -ct) 2>/dev/null)
    if test "$lines[1]" = ":files"
        __fish_complete_path (commandline -ct)
    else
        printf '%s\n' $lines
    end
end
complete -c chatops -f -k -a '(__chatops_complete)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
