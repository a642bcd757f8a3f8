// SPDX-License-Identifier: GPL-3.0-or-later
// A library of somebody else's.
extern "C" int somethingElse();

int somethingElse() {
    return 0;
}
