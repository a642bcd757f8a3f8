#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what is missing, builds, and runs all tests but those labelled "long". Arguments go to ctest: -R <name> for
# some, -L long for the long ones.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
packaging/build.sh release
# Active OpenMP waiting makes small steps twenty times slower as soon as anything else runs.
export OMP_WAIT_POLICY=passive QT_QPA_PLATFORM=${QT_QPA_PLATFORM:-offscreen}
long=(-LE '^long$')
for argument in "$@"; do
    case "$argument" in
    -L | -L* | --label-regex*) long=() ;;
    esac
done
# Tests compute with several threads each: half as many at a time as there are cores.
jobs=$((($(nproc) + 1) / 2))
ctest --preset release -j "$((jobs > 2 ? jobs : 2))" --output-on-failure "${long[@]}" "$@"
