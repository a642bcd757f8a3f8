// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/stop_on_request.h"

#include "app/cli/signals.h"

#include <chrono>

namespace gsst {

StopOnRequest::StopOnRequest() {
    watchStopRequests();
    // Signals cannot notify a condition: look at them twenty times a second.
    m_watcher = std::jthread([source = m_source](const std::stop_token& ended) mutable {
        while (!ended.stop_requested() && !source.stop_requested()) {
            if (stopRequests() > 0)
                source.request_stop();
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
    });
}

}  // namespace gsst
