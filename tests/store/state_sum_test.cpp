// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/state_hash.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <vector>

#include <xxhash.h>

#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>
#endif

namespace gsst::test {
namespace {

std::vector<std::byte> someBytes(size_t count) {
    std::vector<std::byte> bytes(count);
    for (size_t i = 0; i < count; ++i)
        bytes[i] = std::byte(i * i % 251);
    return bytes;
}

TEST(StateSum, IsXxh3WithSeed0) {
    const std::vector<std::byte> bytes = someBytes(70000);
    for (const size_t count : {0, 1, 16, 17, 128, 129, 240, 241, 1023, 1024, 1025, 4096, 65536, 70000})
        EXPECT_EQ(stateSum(std::span(bytes).first(count)), XXH3_64bits(bytes.data(), count)) << count;
}

#if defined(__x86_64__) && defined(__GNUC__)

/// Which parts of the processor's registers hold something; 0 where the processor does not tell.
uint32_t registersInUse() {
    uint32_t a = 0, b = 0, c = 0, d = 0;
    __cpuid_count(1, 0, a, b, c, d);
    constexpr uint32_t kXsaveEnabled = 1u << 27, kTells = 1u << 2;
    if ((c & kXsaveEnabled) == 0 || __get_cpuid_max(0, nullptr) < 0xd)
        return 0;
    __cpuid_count(0xd, 1, a, b, c, d);
    if ((a & kTells) == 0)
        return 0;
    asm volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(1));
    return a;
}

TEST(StateSum, LeavesNothingInTheUpperHalvesOfRegisters) {
    if (registersInUse() == 0)
        GTEST_SKIP() << "this processor does not say which registers are in use";
    constexpr uint32_t kUpperHalves = 1u << 2;
    const std::vector<std::byte> bytes = someBytes(70000);
    for (const size_t count : {100, 1024, 70000}) {
        const uint64_t sum = stateSum(std::span(bytes).first(count));
        EXPECT_EQ(registersInUse() & kUpperHalves, 0u) << count << " bytes, sum " << sum;
    }
}

#endif

}  // namespace
}  // namespace gsst::test
