// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/device_id.h"

#include <charconv>
#include <utility>

namespace gsst {

namespace {

constexpr std::string_view kCpu = "cpu";
constexpr std::string_view kCuda = "cuda";

}  // namespace

std::string nameOf(const DeviceId& device) {
    return device.kind == DeviceKind::Cpu ? std::string(kCpu) : std::string(kCuda) + ":" + std::to_string(device.card);
}

Result<DeviceId> parseDevice(std::string_view text) {
    if (text == kCpu)
        return DeviceId{};
    DeviceId device{DeviceKind::Cuda, 0};
    if (text == kCuda)
        return device;
    if (text.starts_with(std::string(kCuda) + ":")) {
        const std::string_view number = text.substr(kCuda.size() + 1);
        const char* const end = number.data() + number.size();
        const auto parsed = std::from_chars(number.data(), end, device.card);
        if (parsed.ec == std::errc() && parsed.ptr == end && device.card >= 0)
            return device;
    }
    return deviceNotAvailable(std::string(text), "a device is cpu, cuda, or one of several cards as in cuda:1");
}

Error deviceNotAvailable(const std::string& name, std::string why) {
    return {ErrorCode::InvalidInput, "This device is not available", "--device " + name, std::move(why),
            "Use --device cpu"};
}

}  // namespace gsst
