// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"

#include <thread>

namespace gsst {
namespace {

class SystemClock final : public Clock {
public:
    Duration now() const override { return Steady::now().time_since_epoch(); }
    void sleepUntil(Duration time) override { std::this_thread::sleep_until(Steady::time_point(time)); }
    bool waitFor(std::condition_variable& changed, std::unique_lock<std::mutex>& lock, Duration duration,
                 const std::function<bool()>& ready) override {
        return changed.wait_for(lock, duration, ready);
    }

private:
    using Steady = std::chrono::steady_clock;
};

}  // namespace

Clock& systemClock() {
    static SystemClock clock;
    return clock;
}

}  // namespace gsst
