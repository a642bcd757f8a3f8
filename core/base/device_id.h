// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace gsst {

enum class DeviceKind { Cpu, Cuda };

/// Which device of this computer computes a model: the processor, or one of its graphics cards.
struct DeviceId {
    DeviceKind kind = DeviceKind::Cpu;
    int card = 0;  ///< of Cuda: its number, from 0 on; 0 for the processor
    bool operator==(const DeviceId&) const = default;
};

/// As commands take it and run.json keeps it: "cpu", "cuda:0".
std::string nameOf(const DeviceId& device);

/// Reads "cpu", "cuda:1", or "cuda" for the first card. For anything else the error of deviceNotAvailable().
Result<DeviceId> parseDevice(std::string_view text);

/// The one refusal of a device that is unknown or not there, `name` as the user wrote it or nameOf() has it.
Error deviceNotAvailable(const std::string& name, std::string why);

}  // namespace gsst
