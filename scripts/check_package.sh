#!/usr/bin/env bash
# Makes the Debian package and tries it on a clean Debian of the same release, a new folder with nothing of this
# machine but the demo's classifiers and two of its photographs: it must install, explain itself, run a small sweep,
# draw figures, write tables and be read by Python.
#   scripts/check_package.sh     needs root and a network; two minutes once build/release is built
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install_packages.sh scripts/packages.txt <(echo debootstrap)
models/demo/photos.sh build/demo/photos
scripts/build.sh release
rm -f build/release/wcam_*.deb
(cd build/release && cpack)

root=build/debian/package
rm -rf --one-file-system "$root"

# shellcheck source=/dev/null
. /etc/os-release
clean_machine() {
  scripts/clean_debian.sh "$VERSION_CODENAME" "$root" "set -x; $1"
}

clean_machine true
cp -r build/release/wcam_*.deb models/demo "$root/root/"
mkdir "$root/root/photos"
cp build/demo/photos/{chelsea,coffee}.png "$root/root/photos/"

clean_machine 'apt-get update -qq; apt-get install -y -qq --no-install-recommends /root/wcam_*.deb python3-h5py >/dev/null'
clean_machine '
  wcam --version
  wcam --help
  ls /usr/share/man/man1/wcam{,-run,-plot-wcam,-worker-run}.1.gz
  . /usr/share/bash-completion/completions/wcam
  complete -p wcam
  cd /root
  wcam run --images photos --models demo/models.json --cases baseline,adv --corruptions contrast --severities 5 \
    --select all --sample-size 2 --grid 8 --workers 2 --sweep study
  ls study/results.h5 study/figures/figure-{4,5}/*.png
  wcam info study
  wcam export study --csv tables --npz tables
  ls tables/{profiles,predictions}.{csv,npz} tables/columns.md
  python3 -c "import wcam; print(wcam.open(\"study\").columns(\"profiles\")[\"share_approximation\"])"'
