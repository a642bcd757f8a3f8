// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tensors/arithmetic_rates.h"

namespace gsst {

// With the number of threads that LibTorch has on the calling thread, all unless somebody set it.

/// Of one large matrix product in each precision. About a second and a half.
MatrixRates probeMatrices();
/// Bytes a second, read and written, of a copy that no cache holds. About half a second.
double probeMemory();

ProcessorFacts processorFacts();

}  // namespace gsst
