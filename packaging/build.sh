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
log=build/$preset-configure.log
mkdir -p build
if ! cmake --preset "$preset" "${torch[@]}" >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
echo "Building (the first time about ten minutes on two cores)"
cmake --build --preset "$preset"
