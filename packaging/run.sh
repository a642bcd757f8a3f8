#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what is missing, builds, and starts GSST Studio. Without a display, or with --headless, it trains the sample in
# the terminal for about two minutes and prints text that the model wrote. --build-only stops after the build.
set -euo pipefail
here=$(pwd)
cd "$(dirname "${BASH_SOURCE[0]}")/.."
headless=no
arguments=()
for argument in "$@"; do
    case "$argument" in
    --build-only) build_only=yes ;;
    --headless) headless=yes ;;
    *) arguments+=("$argument") ;;
    esac
done
packaging/build.sh release
bin=$(pwd)/build/release/bin
if [ "${build_only:-no}" = yes ]; then
    echo "Built: $bin/gsst and $bin/gsst-studio"
    exit 0
fi
if [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    headless=yes
fi
cd "$here"
if [ "$headless" = no ]; then
    exec "$bin/gsst-studio" "${arguments[@]}"
fi
run=${GSST_SAMPLE_RUN:-$(mktemp -d)/sample}
echo "No display: training the sample in the terminal. The run is in $run"
"$bin/gsst" train --preset sample --sample-text --run "$run" "${arguments[@]}"
echo
echo "The model writes:"
"$bin/gsst" generate "$run" --prompt "Once upon a time" --tokens 120
