// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tensors/arithmetic_rates.h"

namespace gsst {

/// Times products in bf16 both ways on all cores of the processor: some tenths of a second, a few seconds where one of
/// them is very slow. Not known if it fails. Works on a thread of its own, so that torch's settings on the caller's
/// stay.
ProductRates probeProducts();

}  // namespace gsst
