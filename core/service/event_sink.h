// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/events.h"

#include <functional>

namespace gsst {

/// Where those who prepare or train a run say what happens.
using EventSink = std::function<void(Event)>;

}  // namespace gsst
