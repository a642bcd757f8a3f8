#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what is missing, builds, and starts GSST Studio; arguments go to it. Without a display, or with --headless,
# it trains the sample in the terminal for about two minutes instead (arguments go to `gsst train`) and prints text that
# the model wrote. --build-only stops after the build.
set -euo pipefail
here=$(pwd)
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build_only=no
headless=no
arguments=()
for argument in "$@"; do
    case "$argument" in
    --build-only) build_only=yes ;;
    --headless) headless=yes ;;
    -h | --help)
        sed -n '3,/^set/{/^set/d;s/^# \?//p}' packaging/run.sh
        exit 0
        ;;
    *) arguments+=("$argument") ;;
    esac
done

packaging/build.sh release
bin=$(pwd)/build/release/bin
if [ "$build_only" = yes ]; then
    echo "Built: $bin/gsst and $bin/gsst-studio"
    exit 0
fi
cd "$here"
if [ "$headless" = no ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    echo "There is no display here, so the sample is trained in the terminal"
    headless=yes
fi
if [ "$headless" = no ]; then
    exec "$bin/gsst-studio" "${arguments[@]}"
fi

run=${GSST_SAMPLE_RUN:-$(mktemp -d)/sample}
echo "Training a small model on generated stories; the run is in $run"
"$bin/gsst" train --preset sample --sample-text --run "$run" "${arguments[@]}"
echo
echo "The model writes:"
"$bin/gsst" generate "$run" --prompt "Once upon a time" --tokens 120
echo
echo "More of it: $bin/gsst generate $run --prompt \"The little dog\""
