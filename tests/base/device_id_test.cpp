// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/device_id.h"

#include <gtest/gtest.h>

namespace gsst {
namespace {

TEST(DeviceId, IsReadAsItIsWritten) {
    for (const DeviceId& device :
         {DeviceId{}, DeviceId{DeviceKind::Cuda, 0}, DeviceId{DeviceKind::Cuda, 7}, DeviceId{DeviceKind::Cuda, 31}}) {
        const auto read = parseDevice(nameOf(device));
        ASSERT_TRUE(read.ok()) << nameOf(device);
        EXPECT_EQ(*read, device);
    }
    EXPECT_EQ(nameOf(DeviceId{}), "cpu");
    EXPECT_EQ(nameOf({DeviceKind::Cuda, 1}), "cuda:1");
}

TEST(DeviceId, WithoutANumberMeansTheFirstCard) {
    const auto device = parseDevice("cuda");
    ASSERT_TRUE(device.ok());
    EXPECT_EQ(*device, (DeviceId{DeviceKind::Cuda, 0}));
}

TEST(DeviceId, RefusesEverythingElseInTheSameWords) {
    for (const char* text : {"", "tpu", "CPU", "cpu:0", "cpu ", "cuda:", "cuda:-1", "cuda:x", "cuda:1x", "cuda: 1",
                             "cuda:99999999999", "cuda1", "auto"}) {
        const auto device = parseDevice(text);
        ASSERT_FALSE(device.ok()) << text;
        const Error& error = device.error();
        EXPECT_EQ(error.code, ErrorCode::InvalidInput);
        EXPECT_EQ(error.what, "This device is not available");
        EXPECT_EQ(error.where, std::string("--device ") + text);
        EXPECT_EQ(error.why, "a device is cpu, cuda, or one of several cards as in cuda:1");
        EXPECT_EQ(error.todo, "Use --device cpu");
    }
}

}  // namespace
}  // namespace gsst
