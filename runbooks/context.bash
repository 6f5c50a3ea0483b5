# Keeps the shell context of a run (see context.py). Read before the command;
# __gonogo_context and __gonogo_capture are set. bash 4.4 and later.

exec 8<&-
declare -A __gonogo_base=()
while IFS= read -r __gonogo_name; do
    __gonogo_base[$__gonogo_name]=${!__gonogo_name@A}
done < <(compgen -v)
if [[ -n $__gonogo_context && -r $__gonogo_context ]]; then
    . "$__gonogo_context"
fi
# Runbooks are written for an interactive shell, where aliases work.
shopt -s expand_aliases

# The command's own EXIT trap is kept aside and run after the capture; subshells
# have no capture, so theirs is an ordinary one.
trap() {
    local -
    { set +x; } 2>/dev/null
    if [[ -z $__gonogo_capture || $BASHPID != "$$" || $# -lt 2 ]]; then
        if [[ $# -eq 1 && $BASHPID == "$$" && ${1^^} == @(EXIT|SIGEXIT|0) ]]; then
            __gonogo_trap=
            return 0
        fi
        builtin trap "$@"
        return
    fi
    local __gonogo_command=$1 __gonogo_signal
    local -a __gonogo_rest=()
    if [[ $1 == -- ]]; then
        shift
        __gonogo_command=$1
    elif [[ $1 == -[lpP] ]]; then
        builtin trap "$@"
        return
    fi
    shift
    for __gonogo_signal; do
        case ${__gonogo_signal^^} in
            EXIT | SIGEXIT | 0)
                __gonogo_trap=$__gonogo_command
                [[ $__gonogo_command == - ]] && __gonogo_trap=
                ;;
            *) __gonogo_rest+=("$__gonogo_signal") ;;
        esac
    done
    ((${#__gonogo_rest[@]} == 0)) ||
        builtin trap -- "$__gonogo_command" "${__gonogo_rest[@]}"
}

__gonogo_keeps() {
    case $1 in
        __gonogo_* | GONOGO_* | BASH* | PS[0-9]* | LD_* | COMP_* | EPOCH*) return 1 ;;
        _ | EUID | UID | PPID | GROUPS | SHELLOPTS | RANDOM | SRANDOM | SECONDS) return 1 ;;
        LINENO | PIPESTATUS | FUNCNAME | DIRSTACK | HISTCMD | SHLVL | PWD | OPTIND) return 1 ;;
        OPTERR | COLUMNS | LINES | READLINE_* | COPROC | FUNCNEST) return 1 ;;
    esac
}

__gonogo_write() {
    local __gonogo_name __gonogo_flags __gonogo_skip __gonogo_names=
    local IFS=$' \t\n' __gonogo_cwd=${PWD//'%'/%25}
    printf '# cwd %s\n' "${__gonogo_cwd//$'\n'/%0A}"
    while IFS= read -r __gonogo_name; do
        __gonogo_keeps "$__gonogo_name" || continue
        if [[ -v __gonogo_base[$__gonogo_name] ]]; then
            __gonogo_skip=${__gonogo_base[$__gonogo_name]}
            unset "__gonogo_base[$__gonogo_name]"
            [[ ${!__gonogo_name@A} == "$__gonogo_skip" ]] && continue
        fi
        __gonogo_flags=$(declare -p -- "$__gonogo_name" 2>/dev/null) || continue
        [[ $__gonogo_flags == 'declare -'*([!' '])r* ]] && continue
        printf '%s\n' "$__gonogo_flags"
        __gonogo_names+=" $__gonogo_name"
    done < <(compgen -v)
    for __gonogo_name in "${!__gonogo_base[@]}"; do
        __gonogo_keeps "$__gonogo_name" && printf 'unset -v %s\n' "$__gonogo_name"
    done
    while read -r _ __gonogo_flags __gonogo_name; do
        [[ $__gonogo_name == @(trap|__gonogo_*) || $__gonogo_flags == *r* ]] && continue
        declare -f -- "$__gonogo_name"
        __gonogo_names+=" $__gonogo_name"
        [[ $__gonogo_flags == *x* ]] && printf 'declare -fx %s\n' "$__gonogo_name"
    done < <(declare -F)
    alias -p
    __gonogo_names+=" ${!BASH_ALIASES[*]}"
    printf '# names%s\n# complete\n' "$__gonogo_names"
}

__gonogo_exit() {
    if [[ -n $__gonogo_capture ]]; then
        set +eu +o posix +f
        shopt -s extglob
        shopt -u nocasematch
        __gonogo_write >|"$__gonogo_capture" 2>/dev/null
    fi
    if [[ -n $__gonogo_trap ]]; then
        __gonogo_status "$1"
        eval "$__gonogo_trap"
    fi
}
__gonogo_status() { return "$1"; }

__gonogo_trap=
builtin trap '{ __gonogo_code=$?; set +x; } 2>/dev/null
__gonogo_exit "$__gonogo_code"' EXIT
