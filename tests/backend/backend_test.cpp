// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/compute_backend.h"

#include <gtest/gtest.h>

namespace gsst {
namespace {

TEST(Backend, TheProcessorIsAlwaysThere) {
    const auto backend = createBackend({});
    ASSERT_TRUE(backend.ok()) << backend.error().text();
    EXPECT_EQ((*backend)->id(), DeviceId{});
    EXPECT_EQ((*backend)->title(), "processor");
    EXPECT_EQ((*backend)->memoryLimit(), 0) << "it shares the computer's memory";
}

TEST(Backend, APoolCountsWhatItsDeviceGivesOutUpToTheLimit) {
    const auto backend = createBackend({});
    ASSERT_TRUE(backend.ok());
    const auto opened = (*backend)->open(8 << 20);
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    OpenDevice& device = **opened;
    EXPECT_EQ(device.pool().usage().limit, 8 << 20);
    {
        const auto buffer = device.device().allocate(4 << 20);
        ASSERT_TRUE(buffer.ok());
        EXPECT_EQ(device.pool().usage().inUse, 4 << 20);
        const auto more = device.device().allocate(5 << 20);
        ASSERT_FALSE(more.ok());
        EXPECT_EQ(more.error().code, ErrorCode::OutOfMemory);
    }
    EXPECT_EQ(device.pool().usage().inUse, 0);
}

TEST(Backend, ADeviceThatIsNotThereIsRefusedAsAnUnknownOne) {
    const auto backend = createBackend({DeviceKind::Cuda, 1000});
    ASSERT_FALSE(backend.ok());
    const auto unknown = parseDevice("tpu");
    ASSERT_FALSE(unknown.ok());
    EXPECT_EQ(backend.error().code, unknown.error().code);
    EXPECT_EQ(backend.error().what, unknown.error().what);
    EXPECT_EQ(backend.error().where, "--device cuda:1000");
    EXPECT_FALSE(backend.error().why.empty());
    EXPECT_EQ(backend.error().todo, unknown.error().todo);
}

}  // namespace
}  // namespace gsst
