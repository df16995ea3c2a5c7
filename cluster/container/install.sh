#!/usr/bin/env bash
# Second stage of Dockerfile and wcam.def, as root: installs what build.sh has made.
set -euo pipefail
cd /opt/wcam

if [ -d libtorch ]; then echo "$PWD/libtorch/lib" >/etc/ld.so.conf.d/libtorch.conf && ldconfig; fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ./wcam.deb >/dev/null
rm -rf /var/lib/apt/lists/* wcam.deb install.sh
wcam-worker --version  # starts only if every library was found
