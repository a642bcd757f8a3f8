// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/kernels/quantized_groups.h"

#include "base/philox_rounds.h"
#include "optim/kernels/moment_code_avx512.h"
#include "optim/kernels/quantized_loops.h"
#include "spec/state_format.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace gsst::loops {
using namespace avx512;
}

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512cd,avx512dq,avx512vl,prefer-vector-width=512")

#include "optim/kernels/quantized_groups_body.h"

namespace gsst::loops {

int64_t updateFullGroupsAvx512(const UpdateArrays& arrays, float keep, const AdamWConstants& constants) {
    return updateFullGroups(arrays, keep, constants);
}

}  // namespace gsst::loops

#pragma GCC pop_options
