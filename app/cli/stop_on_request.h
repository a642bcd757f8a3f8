// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stop_token>
#include <thread>

namespace gsst {

/// While it lives, a request to stop (see signals.h) stops the work that has its token, so that it can clean up.
class StopOnRequest {
public:
    StopOnRequest();

    std::stop_token token() const { return m_source.get_token(); }

private:
    std::stop_source m_source;
    std::jthread m_watcher;  ///< joined first
};

}  // namespace gsst
