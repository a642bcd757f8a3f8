// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gsst {

/// Speed of the products of a layer in bf16 in either way (see Products): FLOPs a second, 0 if it is not known.
struct ProductRates {
    double nativeFlops = 0;
    double upcastFlops = 0;
    bool known() const { return nativeFlops > 0 && upcastFlops > 0; }
};

/// Speed of one large matrix product, FLOPs a second, by precision; fp16 as training does it: through fp32.
struct MatrixRates {
    double fp32Flops = 0;
    double bf16Flops = 0;
    double fp16Flops = 0;
};

/// What LibTorch knows about the processor.
struct ProcessorFacts {
    std::string name;                       ///< empty if it does not tell
    int64_t cores = 0;                      ///< physical ones; 0 if it does not tell
    std::vector<std::string> instructions;  ///< those that matter for products: "AVX2", "AMX BF16"
    bool fastBf16 = false;                  ///< it multiplies bf16 by itself
};

}  // namespace gsst
