// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace gsst {

/// What a training step waits for. In spec, because plans, events and the screen all speak of it.
enum class Bottleneck { Compute, Disk };

/// "compute", "disk".
constexpr const char* nameOf(Bottleneck bottleneck) {
    return bottleneck == Bottleneck::Disk ? "disk" : "compute";
}

}  // namespace gsst
