// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/train_spec.h"

namespace gsst {

const char* nameOf(Precision precision) {
    switch (precision) {
    case Precision::Fp32:
        return "fp32";
    case Precision::Bf16:
        return "bf16";
    case Precision::Fp16:
        return "fp16";
    }
    return "";
}

const char* nameOf(ProductChoice choice) {
    switch (choice) {
    case ProductChoice::Auto:
        return "auto";
    case ProductChoice::Native:
        return "native";
    case ProductChoice::Upcast:
        return "widened";
    }
    return "";
}

Products productsOf(const TrainSpec& training) {
    const bool chosen = training.precision == Precision::Bf16 && training.products == ProductChoice::Upcast;
    return chosen || training.precision == Precision::Fp16 ? Products::Upcast : Products::Native;
}

}  // namespace gsst
