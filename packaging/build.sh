#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what is missing, then configures and builds the preset given (default: release) into build/<preset>.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
preset=${1:-release}
packaging/install.sh

torch=()
if [ -n "${GSST_TORCH_DIR:-}" ]; then
    torch=("-DGSST_TORCH_DIR=$GSST_TORCH_DIR")
fi
mkdir -p build
log=build/$preset-configure.log
if ! cmake --preset "$preset" "${torch[@]}" >"$log" 2>&1; then
    cat "$log" >&2
    echo "error: CMake could not prepare build/$preset; its message is above" >&2
    exit 1
fi

# A file that includes LibTorch takes up to 1.5 GiB to compile: no more of them at a time than memory holds.
jobs=$(nproc)
by_memory=$(awk '/^MemAvailable:/ {print int($2 / 1572864)}' /proc/meminfo)
if ((by_memory < jobs)); then
    jobs=$((by_memory > 1 ? by_memory : 1))
fi
if [ ! -e "build/$preset/bin/gsst" ]; then
    echo "Building in build/$preset (the first time about ten minutes on two cores)"
fi
cmake --build --preset "$preset" -j "$jobs"
