#!/bin/sh
# Debian packages beyond what Python brings: installs what is missing when it may, says what is missing when it may not.
#   deploy/debian-packages.sh run    what the program needs (the embedded model: OpenMP's run time)
#   deploy/debian-packages.sh test   what the tests need besides
# `test` fails when something stays missing; `run` only says so, since everything but the embedded model works without.
set -eu

case "${1:-}" in
run) wanted="libgomp1" ;;
test) # mongod: three; replicas; the web page; two shells to complete in; what deploy/ is for
    wanted="libgomp1 libcurl4 liblzma5 libssl3 redis-server chromium zsh fish nginx-light systemd"
    ;;
*)
    echo "usage: $0 run|test" >&2
    exit 2
    ;;
esac

# The AI SDK's own reader is a peer in the tests; a Node from elsewhere will do.
if [ "$1" = test ] && ! { command -v node && command -v npm; } >/dev/null 2>&1; then
    wanted="$wanted nodejs npm"
fi

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "no Debian here: make sure that these are installed by their names on this system: $wanted" >&2
    exit 0
fi

missing=""
for package in $wanted; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo"
else
    echo "missing Debian packages:$missing" >&2
    echo "install them with: sudo apt-get install$missing" >&2
    [ "$1" = run ]
    exit
fi
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # a list of words, and perhaps no sudo
$as_root apt-get update -qq && $as_root apt-get install -qq -y --no-install-recommends $missing >/dev/null
