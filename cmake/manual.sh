#!/usr/bin/env bash
# Makes a manual page of each verb, and the completion for bash, of what the programs say to --help.
#   cmake/manual.sh BIN OUT     BIN: folder of the programs; makes OUT/man1/*.1.gz and OUT/wcam, the completion
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=$1 out=$2
export PATH=$bin:$PATH LC_ALL=C.UTF-8

# NAME <tab> ABOUT of each verb in a --help; none when it has no verbs.
verbs_in() {
  sed -n '/^Verbs:$/,/^$/s/^  \([^ ]*\)  *\(.*\)/\1\t\2/p'
}

# Each option in a --help as --NAME, or as --NAME=WHAT when it takes something: DIR, FILE, arg or, when what it means
# begins with choices, these|and|those.
options_in() {
  awk '/^  -/ && match($0, /--[a-z0-9-]+/) {
         option = substr($0, RSTART, RLENGTH)
         split(substr($0, RSTART + RLENGTH + 1), part, /  +/)
         what = part[1]
         sub(/ .*/, "", what)
         if (match(part[2], /^[a-z0-9_-]+(\|[a-z0-9_-]+)+/)) what = substr(part[2], 1, RLENGTH)
         print option (what ~ /^[A-Za-z]/ ? "=" what : "")
       }'
}

# A page's name as it is written in one: its hyphens are to be copied.
escaped() {
  local name=${1// /-}
  printf '%s' "${name//-/\\-}"
}

# COMMAND ABOUT [COMMAND ...]: the page of the first, which refers to the others; without a date, so that every build
# makes the same.
page() {
  local command=$1 about=$2 other
  shift 2
  {
    printf '[NAME]\n%s \\- %s\n' "$(escaped "$command")" "$about"
    cat "$here/manual.h2m"
    printf '[SEE ALSO]\n'
    for other in "$@"; do printf '.BR %s (1),\n' "$(escaped "$other")"; done
    printf '/usr/share/doc/wcam\n'
  } >"$out/page.h2m"
  help2man --no-info --version-string="$version" --source="wcam $version" --include="$out/page.h2m" "$command" |
    sed -E 's/^(\.TH .* "1") "[^"]*"/\1 ""/; s/^\.SS "(.*):"$/.SS "\1"/' |
    gzip -9n >"$out/man1/${command// /-}.1.gz"
  rm "$out/page.h2m"
}

# Whether a command can be asked: a build without the worker lacks some verbs.
is_there() {
  [ -x "$bin/wcam-worker" ] || [[ $($1 --help 2>&1) != *"cannot start wcam-worker"* ]]
}

# COMMAND ABOUT [PARENT]: its page and its line of the completion, and those of its verbs.
describe() {
  local command=$1 about=$2 help line lines verbs=() options
  help=$($command --help)
  mapfile -t options < <(options_in <<<"$help")
  mapfile -t lines < <(verbs_in <<<"$help")
  for line in "${lines[@]}"; do
    is_there "$command ${line%%$'\t'*}" || continue
    verbs+=("${line%%$'\t'*}")
    describe "$command ${verbs[-1]}" "${line#*$'\t'}" "$command"
  done
  page "$command" "$about" "${@:3}" "${verbs[@]/#/$command }"
  printf "    '%s') takes='%s' ;;\n" "$command" "${verbs[*]} ${options[*]}" >>"$out/wcam.new"
}

rm -rf "$out"
mkdir -p "$out/man1"
read -r _ version _ < <(wcam --version) # without the commit, which says nothing of the pages
cat >"$out/wcam.new" <<'END'
# Completion of wcam for bash, made by cmake/manual.sh.

# Sets $takes to what may follow a command: verbs, options, options=WHAT they take.
_wcam_takes() {
  case $1 in
END
for program in wcam wcam-coordinator wcam-worker; do
  [ ! -x "$bin/$program" ] || describe $program "$($program --help | sed -n '1s/^[^:]*: //p')"
done
cat - "$here/completion.bash" >>"$out/wcam.new" <<'END'
    *) return 1 ;;
  esac
}

END
mv "$out/wcam.new" "$out/wcam"
