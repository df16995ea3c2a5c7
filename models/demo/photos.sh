#!/bin/sh
# Puts the demo's twelve photographs into DIR, in their original format:   photos.sh DIR
#
# They are taken from Debian's python3-skimage: from the installed package if it is there, otherwise from the
# package file, which is downloaded (20.7 MB, no root needed) and unpacked in a temporary folder; nothing is
# installed. DIR appears whole or not at all, and a second run finds it whole and does nothing.
# Credits and licences: README.md.
# WCAM_SKIMAGE_DATA: another folder to take them from (tests; systems other than Debian).
set -eu

FILES="astronaut.png brick.png camera.png chelsea.png coffee.png coins.png
       grass.png gravel.png hubble_deep_field.jpg ihc.png motorcycle_left.png rocket.jpg"
IN_PACKAGE=usr/lib/python3/dist-packages/skimage/data
INSTALLED=${WCAM_SKIMAGE_DATA:-/$IN_PACKAGE}

die() {
    printf 'photos.sh: %s\n' "$1" >&2
    exit "${2:-1}"
}

has_all() { # has_all FOLDER: every photograph is there and is not empty
    for file in $FILES; do
        [ -s "$1/$file" ] || return 1
    done
}

download() { # download FOLDER: the package file, unpacked below FOLDER/unpacked
    if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
        die "no photographs in $INSTALLED (python3-skimage), and without apt-get and dpkg-deb they cannot be fetched;
set WCAM_SKIMAGE_DATA to scikit-image 0.19's skimage/data folder"
    fi
    mkdir "$1/unpacked"
    (cd "$1" && apt-get -q download python3-skimage) >"$1/log" 2>&1 || {
        cat "$1/log" >&2
        die "could not download python3-skimage; is there a network, and has 'apt-get update' been run?"
    }
    # As root apt warns about its user _apt: harmless, so its output is shown only when it fails.
    dpkg-deb -x "$1"/python3-skimage_*.deb "$1/unpacked" || die "the downloaded package does not unpack"
}

if [ $# -ne 1 ] || [ -z "$1" ]; then
    die "usage: photos.sh DIR" 2
fi
target=${1%/}
[ -n "$target" ] || die "the root folder cannot be the target" 2

if [ -d "$target" ] && has_all "$target"; then
    exit 0
fi
if [ -e "$target" ]; then
    # An empty folder may be filled; anything else is somebody's.
    rmdir "$target" 2>/dev/null || die "$target exists and is not an empty folder: name another one, or remove it" 2
fi

parent=$(dirname -- "$target")
mkdir -p -- "$parent"
# Beside the target, so that the last step is a rename within one file system.
work=$(mktemp -d -- "$parent/.photos.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

source=$INSTALLED
if ! has_all "$source"; then
    [ -z "${WCAM_SKIMAGE_DATA:-}" ] || die "WCAM_SKIMAGE_DATA=$source lacks some of the photographs" 2
    download "$work"
    source=$work/unpacked/$IN_PACKAGE
    has_all "$source" || die "the package that was downloaded lacks some of the photographs; Debian 12's and 13's have them"
fi

mkdir "$work/photos"
for file in $FILES; do
    cp -- "$source/$file" "$work/photos/$file"
done
chmod 755 "$work/photos"
chmod 644 "$work/photos"/*
# Another photos.sh may have been faster: then its folder stays (-T: never moves into it).
if ! mv -T -- "$work/photos" "$target" 2>/dev/null && ! has_all "$target"; then
    die "could not create $target"
fi
