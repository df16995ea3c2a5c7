#!/usr/bin/env bash
# What can be checked of cluster/container without Docker, Apptainer and Kubernetes: every script in it passes shellcheck,
# Dockerfile and wcam.def have known words only and copy what is there, kubernetes.yaml is YAML.
set -euo pipefail
cd "$(dirname "$0")/.."
container=cluster/container

# A message, if there is one, ends it all.
complain() { [ -z "$2" ] || { echo "$1: $2" >&2; exit 1; }; }
there() { while read -r name; do [ -e "$name" ] || echo "$name is not there"; done; }

shellcheck "$container"/*.sh

file=$container/Dockerfile
complain "$file" "$(grep -vE '^(#|$|(ARG|COPY|ENTRYPOINT|ENV|FROM|RUN|USER|WORKDIR) )' "$file")"
complain "$file" "$(awk '$1 == "COPY" && $2 !~ /^--from=/ { print $2 }' "$file" | there)"
awk '$1 == "RUN" { $1 = ""; print }' "$file" | shellcheck --shell=sh -

file=$container/wcam.def
complain "$file" "$(grep -vE '^(#|$|    |(Bootstrap|From|Stage): |%(arguments|files|files from build|post|runscript)$)' "$file")"
section() { awk -v name="$1" '/^[^ ]/ { inside = $0 == name } inside && /^ /' "$file"; }
complain "$file" "$(section %files | awk '{ print $1 }' | there)"
for script in %post %runscript; do
  section "$script" | shellcheck --shell=sh -
done
# Whatever is built or installed must be copied.
complain "$file" "$(sed -nE -e 's/^add_subdirectory\((.*)\)/\1/p' -e 's/^install\(FILES (.*) TYPE DOC\)/\1/p' CMakeLists.txt |
  tr ' ' '\n' | while read -r name; do section %files | grep -q " $name " || echo "$name is not copied"; done)"

yamllint --strict --config-data '{extends: relaxed, rules: {line-length: {max: 120}}}' "$container/kubernetes.yaml"
