// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/kernels/quantized_groups.h"

#include "base/philox_rounds.h"
#include "optim/kernels/moment_code_avx2.h"
#include "optim/kernels/quantized_loops.h"
#include "spec/state_format.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace gsst::loops {
using namespace avx2;
}

#pragma GCC push_options
#pragma GCC target("avx2")

#include "optim/kernels/quantized_groups_body.h"

namespace gsst::loops {

int64_t updateFullGroupsAvx2(const UpdateArrays& arrays, float keep, const AdamWConstants& constants) {
    return updateFullGroups(arrays, keep, constants);
}

}  // namespace gsst::loops

#pragma GCC pop_options
