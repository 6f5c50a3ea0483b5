# Keeps the shell context of a run (see context.py). Read before the command;
# __gonogo_context and __gonogo_capture are set. zsh 5.3 and later.

exec 8<&-
zmodload zsh/parameter
typeset -A __gonogo_base
for __gonogo_name in ${(k)parameters}; do
    [[ $__gonogo_name == __gonogo_* ]] ||
        __gonogo_base[$__gonogo_name]="$parameters[$__gonogo_name]:${(P)__gonogo_name}"
done
if [[ -n $__gonogo_context && -r $__gonogo_context ]]; then
    setopt no_aliases
    . $__gonogo_context
    setopt aliases
fi

__gonogo_keeps() {
    case $1 in
        (__gonogo_*|GONOGO_*|PS[0-9]*|PROMPT*|RPROMPT*|LD_*|ZSH_*|zshexit_functions) return 1 ;;
        (_|PWD|SHLVL|COLUMNS|LINES|LOGCHECK|WATCHFMT|zle_*) return 1 ;;
        (PATH) return 0 ;;
    esac
    [[ $parameters[$1] != *(special|readonly|hide)* ]]
}

__gonogo_write() {
    local __gonogo_name __gonogo_names= __gonogo_cwd=${PWD//\%/%25}
    print -r -- "# cwd ${__gonogo_cwd//$'\n'/%0A}"
    for __gonogo_name in ${(k)parameters}; do
        __gonogo_keeps $__gonogo_name || continue
        [[ $__gonogo_base[$__gonogo_name] == \
            "$parameters[$__gonogo_name]:${(P)__gonogo_name}" ]] && continue
        # zsh 5.9 loses bytes of U+0080 to U+009F in typeset -p.
        case $parameters[$__gonogo_name] in
            (scalar) print -r -- "typeset -g $__gonogo_name=${(qq)${(P)__gonogo_name}}" ;;
            (scalar-export) print -r -- "export $__gonogo_name=${(qq)${(P)__gonogo_name}}" ;;
            (*) typeset -p -- $__gonogo_name ;;
        esac
        __gonogo_names+=" $__gonogo_name"
    done
    for __gonogo_name in ${(k)__gonogo_base}; do
        (( $+parameters[$__gonogo_name] )) || print -r -- "unset $__gonogo_name"
    done
    for __gonogo_name in ${(k)functions}; do
        [[ $__gonogo_name == __gonogo_* ]] && continue
        functions -- $__gonogo_name
        __gonogo_names+=" $__gonogo_name"
    done
    alias -L
    __gonogo_names+=" ${(k)aliases} ${(k)galiases}"
    print -r -- "# names$__gonogo_names"
    print -r -- "# complete"
}

__gonogo_exit() {
    emulate -L zsh
    [[ -z $__gonogo_capture ]] || __gonogo_write >| $__gonogo_capture 2>/dev/null
}

# Apart from the command's own EXIT trap, and not for its subshells.
zshexit_functions=(__gonogo_exit)
