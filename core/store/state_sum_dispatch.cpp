// SPDX-License-Identifier: GPL-3.0-or-later
// With an xxHash that chooses among SSE2, AVX2 and AVX-512 as it runs: 29 GB/s a core from memory where one build for
// all gave 16.
#include "store/state_hash.h"

#include <immintrin.h>
#include <xxhash.h>

#include <xxh_x86dispatch.h>

namespace gsst {
namespace {

[[gnu::target("avx")]] void clearUpperHalves() {
    _mm256_zeroupper();
}

}  // namespace

uint64_t stateSum(std::span<const std::byte> bytes) {
    static const bool hasAvx = __builtin_cpu_supports("avx") != 0;
    const uint64_t sum = XXH3_64bits(bytes.data(), bytes.size());
    // xxHash 0.8.1 leaves something in the upper halves of the vector registers. As long as it is there, and new
    // threads inherit it, each change between instructions with and without AVX costs some fifty cycles: drawing
    // initial weights took eleven times as long.
    if (hasAvx)
        clearUpperHalves();
    return sum;
}

}  // namespace gsst
