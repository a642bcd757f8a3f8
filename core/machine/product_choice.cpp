// SPDX-License-Identifier: GPL-3.0-or-later
#include "machine/product_choice.h"

namespace gsst {
namespace {

constexpr double kClearlyFaster = 1.15;

}  // namespace

ProductChoice fasterProducts(const ProductRates& rates) {
    return rates.known() && rates.upcastFlops >= kClearlyFaster * rates.nativeFlops ? ProductChoice::Upcast
                                                                                    : ProductChoice::Native;
}

bool leavesProductsOpen(const TrainSpec& training) {
    return training.precision == Precision::Bf16 && training.products == ProductChoice::Auto;
}

Status resolveProducts(TrainSpec& training, const std::function<Result<ProductRates>()>& measure) {
    if (leavesProductsOpen(training)) {
        GSST_ASSIGN(const ProductRates rates, measure());
        training.products = fasterProducts(rates);
    }
    return {};
}

}  // namespace gsst
