# SPDX-License-Identifier: BSL-1.0
# Shared by the scripts of this folder, which source it first: strict mode, the root as working directory, a few verbs.
set -euo pipefail

invoked_from=$PWD
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
jobs=$(nproc)
# What one checkout compiled is found again by another.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=true
# Users without a home that they can write to, as containers have them, are no reason to stop.
if [[ -z ${CCACHE_DIR:-} && ! -w ${HOME:-/nonexistent} ]]; then export CCACHE_DIR=$root/build/ccache; fi

say() { printf '\n== %s\n' "$*"; }
fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}
set -o errtrace
trap 'printf "%s: stopped at line %s: %s\n" "${0##*/}" "$LINENO" "$BASH_COMMAND" >&2' ERR

# The comment at the top of the calling script is its --help.
print_help() { sed -n '3,/^[^#]/{s/^# \{0,1\}//p}' "$0"; }

# configure PRESET [-D...]: quiet unless it fails.
configure() {
  local log=build/$1.configure.log
  say "configuring build/$1"
  mkdir -p build
  cmake --preset "$@" >"$log" 2>&1 </dev/null || { cat "$log" >&2; fail "configuring the preset $1 failed (see above)"; }
}

# build PRESET [TARGET...]: all targets when none is named.
build() {
  local preset=$1
  shift
  say "building build/$preset${*:+: $*}"
  cmake --build "build/$preset" --parallel "$jobs" ${*:+--target "$@"} </dev/null || fail "building the preset $preset failed (see above)"
}

# has_target PRESET TARGET: after configuring.
has_target() { ninja -C "build/$1" -t query "$2" >/dev/null 2>&1; }

# run_tests PRESET [CTEST'S OPTION...]: what it prints is also in build/PRESET/ctest.log.
run_tests() {
  ctest --preset "$1" --parallel "$jobs" "${@:2}" </dev/null 2>&1 | tee "build/$1/ctest.log"
}
