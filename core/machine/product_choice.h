// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "spec/train_spec.h"

#include <functional>

namespace gsst {

/// Speed of the products of a layer in bf16 in either way (see Products): FLOPs a second, 0 if it is not known.
struct ProductRates {
    double nativeFlops = 0;
    double upcastFlops = 0;
    bool known() const { return nativeFlops > 0 && upcastFlops > 0; }
};

/// Times both on all cores: some tenths of a second, a few seconds where one of them is very slow. Not known if it
/// fails. Works on a thread of its own, so that torch's settings on the caller's stay.
ProductRates probeProducts();

/// Upcast where that is clearly faster, by 15 %: it takes more memory.
ProductChoice fasterProducts(const ProductRates& rates);

/// Whether the recipe leaves to the machine how products are made.
bool leavesProductsOpen(const TrainSpec& training);

/// Settles that by what `measure` finds, which is asked only then. Its error, if it has one.
Status resolveProducts(TrainSpec& training, const std::function<Result<ProductRates>()>& measure);

}  // namespace gsst
