// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/train_spec.h"

#include "spec/recipe_choices.h"

namespace gsst {

const char* nameOf(Precision precision) {
    return wordOf(precision);
}

const char* nameOf(ProductChoice choice) {
    return wordOf(choice);
}

Products productsOf(const TrainSpec& training) {
    const bool chosen = training.precision == Precision::Bf16 && training.products == ProductChoice::Upcast;
    return chosen || training.precision == Precision::Fp16 ? Products::Upcast : Products::Native;
}

}  // namespace gsst
