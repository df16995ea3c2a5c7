#!/usr/bin/env bash
# Runs a command on a clean Debian: a folder with nothing of this machine but its network, made if it is not there.
#   scripts/clean_debian.sh SUITE DIR [--sources] COMMAND      needs root
# SUITE is bookworm (12), trixie (13), ...; COMMAND is bash in /root there, or with --sources in /root/wcam, where the
# files that git tracks are then put. COMPONENTS=main,contrib: of the archive, when the folder is made.
set -euo pipefail
suite=$1 root=$(realpath -m "$2") command=${!#}

[ "$(id -u)" -eq 0 ] || { echo "clean_debian.sh: needs root, for debootstrap and chroot" >&2; exit 2; }
here=$(dirname "$0")
"$here/install_packages.sh" <(echo debootstrap)
if [ ! -e "$root" ]; then
  rm -rf --one-file-system "$root.new"
  mkdir -p "$root.new"
  # From where this machine's own packages come.
  # shellcheck disable=SC2016  # apt-get's variable
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Component: main' | sed -n 1p)
  unshare --mount debootstrap --variant=minbase --components="${COMPONENTS:-main}" "$suite" "$root.new" "$mirror" >/dev/null
  mv "$root.new" "$root" # whole, or not there
fi
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
if [ "$3" = --sources ]; then
  mkdir -p "$root/root/wcam"
  find "$root/root/wcam" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
  git -C "$here/.." ls-files -z | tar -C "$here/.." --create --null --files-from=- | tar -C "$root/root/wcam" --extract
  command="cd wcam && ${!#}"
fi
# Mounts are made in a namespace that ends with the command, however it ends.
# shellcheck disable=SC2016  # the inner shell's
exec unshare --mount --pid --fork --kill-child --mount-proc="$root/proc" \
  bash -c 'mount --rbind /sys "$0/sys" && mount --rbind /dev "$0/dev" && exec chroot "$0" env -i HOME=/root LC_ALL=C.UTF-8 \
           PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive bash -euo pipefail -c "cd && $1"' "$root" "$command"
