# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the shell scripts share. Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Debian's Python, because Debian's python3-* packages belong to it and to no other.
# shellcheck disable=SC2034
python=/usr/bin/python3

# Without these, ccache keeps nothing that includes precompiled headers, as those of preset asan.
export CCACHE_SLOPPINESS=pch_defines,time_macros

say() { printf '\n== %s\n' "$*"; }

die() {
  printf '%s: error: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# The comment at the head of a script is its help.
show_help() { sed -n '3,/^[^#]/{s/^# \{0,1\}//p}' "$0"; }

# Ends the script when the user asked for help or wrote an option that nobody knows.
unknown_option() {
  case $1 in
    -h | --help) show_help && exit 0 ;;
    *) printf '%s: error: unknown argument: %s\n\n' "$(basename "$0")" "$1" >&2 && show_help >&2 && exit 2 ;;
  esac
}

# Compilers to run at once: one a core, and one for each 1.5 GiB of memory that is free.
jobs() {
  local cores free_kib by_memory
  cores=$(nproc)
  free_kib=$(awk '$1 == "MemAvailable:" {print $2}' /proc/meminfo)
  by_memory=$((free_kib / 1572864))
  if ((by_memory < 1)); then by_memory=1; fi
  echo $((by_memory < cores ? by_memory : cores))
}

# build_preset PRESET [TARGET...]: configures and builds; everything when no target is named.
build_preset() {
  local preset=$1 launcher
  shift
  [[ -f $root/CMakeLists.txt ]] || die "no CMakeLists.txt in $root"
  launcher=$(command -v ccache || true)
  (
    cd "$root"
    cmake --preset "$preset" -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher"
    cmake --build --preset "$preset" --parallel "$(jobs)" ${1:+--target "$@"}
  ) || die "the build (preset $preset) failed; the first error above says why"
}

# install_package EXTRAS [PACKAGE...]: the Python package with its extras, pytest and further packages
# of PyPI, in a virtual environment of their own, build/venv. The compiler is the one that CMake takes
# for the command, and not the one that Python was built with: a compiler cache tells them apart.
install_package() {
  local extras=$1 pip=$root/build/venv/bin/pip
  shift
  "$python" -m venv "$root/build/venv"
  "$pip" install --quiet --disable-pip-version-check pytest "$@"
  CC=${CC:-cc} CXX=${CXX:-c++} \
    CMAKE_CXX_COMPILER_LAUNCHER=$(command -v ccache || true) CMAKE_BUILD_PARALLEL_LEVEL=$(jobs) \
    "$pip" install --quiet --disable-pip-version-check "${root}[$extras]"
}
