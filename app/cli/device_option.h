// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/device_id.h"

#include <CLI/CLI.hpp>

#include <string>

namespace gsst {

/// --device, wherever it is an option.
struct DeviceOption {
    std::string text = nameOf(DeviceId{});

    void addTo(CLI::App& command);
    /// What was named; whether it is there is for the service to say, in the same words.
    Result<DeviceId> device() const { return parseDevice(text); }
};

}  // namespace gsst
