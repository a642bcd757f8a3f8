#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what is missing, builds, runs all tests but those labelled "long". Arguments go to ctest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
packaging/build.sh release
# Active OpenMP waiting makes small steps twenty times slower as soon as anything else runs.
export OMP_WAIT_POLICY=passive QT_QPA_PLATFORM=${QT_QPA_PLATFORM:-offscreen}
ctest --preset release -LE long --output-on-failure "$@"
