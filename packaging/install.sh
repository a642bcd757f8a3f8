#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what GSST Studio needs to be built: Debian packages that are missing, and LibTorch from PyPI into .venv.
# Works on Debian 12 and Ubuntu 24.04. A second call only looks and takes a fraction of a second.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=(
    g++ cmake ninja-build ccache python3 python3-venv
    qt6-base-dev qt6-svg-dev libqcustomplot-dev libgl1-mesa-dev fonts-dejavu-core
    nlohmann-json3-dev libsentencepiece-dev libxxhash-dev libcli11-dev libgtest-dev
)

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
if ((${#missing[@]})); then
    echo "Installing ${#missing[@]} missing Debian packages: ${missing[*]}"
    sudo=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { echo "error: these packages need root; run as root or install sudo" >&2; exit 1; }
        sudo=(sudo)
    fi
    "${sudo[@]}" apt-get update -qq
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

if [ -n "${GSST_TORCH_DIR:-}" ]; then
    exit 0
fi
stamp=.venv/.gsst-requirements
wanted=$(sha256sum packaging/requirements.txt | cut -d' ' -f1)
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$wanted" ]; then
    echo "Installing LibTorch into .venv (about 5 GB on disk; a few minutes)"
    [ -x .venv/bin/python3 ] || python3 -m venv .venv
    .venv/bin/python3 -m pip install --quiet --disable-pip-version-check -r packaging/requirements.txt
    echo "$wanted" >"$stamp"
fi
