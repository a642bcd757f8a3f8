#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what GSST Studio needs to be built and tested: Debian packages that are missing, and LibTorch, the CUDA
# compiler and clang-format from PyPI into .venv. Works on Debian 12 and Ubuntu 24.04. A second call only looks, in a
# fraction of a second; after an installation that was interrupted the next call repairs it.
# GSST_TORCH_DIR=<folder of a torch package> leaves out .venv.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# "a|b": b where the distribution has no a.
packages=(
    g++ cmake ninja-build ccache python3 python3-venv
    qt6-base-dev "qt6-svg-dev|libqt6svg6-dev" libqcustomplot-dev libgl1-mesa-dev fonts-dejavu-core
    nlohmann-json3-dev libsentencepiece-dev libxxhash-dev libcli11-dev libgtest-dev liburing-dev libgloo-dev
)

fail() {
    echo "error: $1" >&2
    exit 1
}

# One dpkg-query for all names: it is slow to start.
find_missing() {
    local format='${db:Status-Status}:${Package} ' installed alternatives name
    # shellcheck disable=SC2046 # words are wanted here
    installed=" $(dpkg-query -W -f="$format" $(printf '%s ' "${packages[@]//|/ }") 2>/dev/null || true)"
    missing=()
    for alternatives in "${packages[@]}"; do
        for name in ${alternatives//|/ }; do
            [[ "$installed" == *" installed:$name "* ]] && continue 2
        done
        missing+=("$alternatives")
    done
}

# Prints the first of the names "a|b" that the distribution has.
choose_name() {
    local name
    for name in ${1//|/ }; do
        if apt-cache show "$name" >/dev/null 2>&1; then
            echo "$name"
            return
        fi
    done
    echo "${1%%|*}"
}

install_packages() {
    local root=() names=() alternatives
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "installing ${missing[*]} needs root: run this as root, or install sudo"
        root=(sudo)
    fi
    echo "Installing ${#missing[@]} missing package$( ((${#missing[@]} == 1)) || echo s): ${missing[*]//|*/}"
    "${root[@]}" dpkg --configure -a >/dev/null
    "${root[@]}" apt-get update -qq ||
        echo "warning: the package lists could not be brought up to date; trying with those that are here" >&2
    for alternatives in "${missing[@]}"; do
        names+=("$(choose_name "$alternatives")")
    done
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${names[@]}" >/dev/null ||
        fail "apt-get could not install ${names[*]}; its message is above"
}

install_torch() {
    local stamp=.venv/.gsst-requirements unfinished=.venv/.gsst-unfinished wanted again=()
    wanted=$(sha256sum packaging/requirements.txt | cut -d' ' -f1)
    if [ -f "$stamp" ] && [ "$(<"$stamp")" = "$wanted" ] &&
        compgen -G ".venv/lib/python3*/site-packages/torch/lib/libtorch_cpu.so" >/dev/null; then
        return
    fi
    echo "Installing LibTorch into .venv: a download of about 3 GB, 5 GB on disk, a few minutes"
    # pip takes a package whose files were copied halfway for whole: after an interruption copy them all again.
    if [ -e "$unfinished" ]; then
        echo "The last installation was interrupted: doing it again"
        again=(--ignore-installed)
    fi
    .venv/bin/python3 -m pip --version >/dev/null 2>&1 || /usr/bin/python3 -m venv --clear .venv
    touch "$unfinished"
    rm -f "$stamp"
    .venv/bin/python3 -m pip install --quiet --disable-pip-version-check "${again[@]}" -r packaging/requirements.txt ||
        fail "pip could not install packaging/requirements.txt; its message is above. Call this again to go on"
    .venv/bin/python3 -c "import torch, numpy" || fail "LibTorch was installed but does not load; its message is above"
    echo "$wanted" >"$stamp"
    rm "$unfinished"
}

command -v apt-get >/dev/null ||
    fail "this script knows Debian and Ubuntu; elsewhere install the packages that it lists by hand"
find_missing
if ((${#missing[@]})); then
    install_packages
fi
if [ -z "${GSST_TORCH_DIR:-}" ]; then
    install_torch
fi
