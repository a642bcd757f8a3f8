// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace gsst {

/// Speed of the products of a layer in bf16 in either way (see Products): FLOPs a second, 0 if it is not known.
struct ProductRates {
    double nativeFlops = 0;
    double upcastFlops = 0;
    bool known() const { return nativeFlops > 0 && upcastFlops > 0; }
};

/// Times both on all cores of the processor: some tenths of a second, a few seconds where one of them is very slow. Not
/// known if it fails. Works on a thread of its own, so that torch's settings on the caller's stay.
ProductRates probeProducts();

}  // namespace gsst
