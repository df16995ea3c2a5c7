# For bash alone, and for zsh with bashcompinit: nothing of the package bash-completion is used.
_wcam() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local command=${COMP_WORDS[0]##*/} what=FILE words='' filter=() takes word i
  _wcam_takes "$command"
  for ((i = 1; i < COMP_CWORD; ++i)); do
    _wcam_takes "$command ${COMP_WORDS[i]}" || break
    command+=" ${COMP_WORDS[i]}"
  done
  # --out=x comes as three words, --out= as two.
  if [ "$previous" = = ]; then previous=${COMP_WORDS[COMP_CWORD - 2]}; fi
  if [ "$current" = = ]; then current=''; fi
  # What is no option's is a verb, where there are some, or else most often a file.
  case $takes in [a-z]*) what=NAME ;; esac
  case $current in -*) what=NAME ;; esac
  for word in $takes; do
    words+=" ${word%%=*}"
    case $word in "$previous="*) what=${word#*=} ;; esac
  done
  case $what in
    FILE) filter=(-f) ;;
    DIR) filter=(-d) ;;
    NAME) filter=(-W "$words") ;;
    *'|'*) filter=(-W "${what//|/ }") ;;
    *) filter=(-W '') ;; # a number or a name that only the user knows
  esac
  case $what in FILE | DIR) compopt -o filenames 2>/dev/null ;; esac # a slash after folders; zsh has no compopt
  COMPREPLY=()
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen "${filter[@]}" -- "$current")
}
complete -F _wcam wcam wcam-coordinator wcam-worker
