#!/usr/bin/env bash
# Installs the Debian packages named in the given lists, as far as they are missing; of A|B, A unless one is there.
#   scripts/install_packages.sh scripts/packages.txt [LIST ...]
set -euo pipefail

mapfile -t wanted < <(grep -hv '^#' "$@")
missing=()
for package in "${wanted[@]}"; do
  IFS='|' read -ra alternatives <<<"$package"
  [[ $(dpkg-query -W -f='${Status};' "${alternatives[@]}" 2>/dev/null) == *'install ok installed'* ]] ||
    missing+=("${alternatives[0]}")
done
[ "${#missing[@]}" -eq 0 ] && exit 0

echo "installing ${#missing[@]} Debian packages: ${missing[*]}"
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
