// SPDX-License-Identifier: GPL-3.0-or-later
#include "machine/median_time.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace gsst {
namespace {

constexpr size_t kLeastRounds = 3;
constexpr size_t kMostRounds = 100;
constexpr double kEnoughSeconds = 0.1;
constexpr double kLongSeconds = 0.2;           ///< calls of this length need no repetition
constexpr double kUndisturbedSeconds = 0.005;  ///< systems let others run about that often
constexpr double kDisturbingShare = 0.1;
constexpr double kDisturbedShare = 0.85;
constexpr double kUsualShare = 0.95;  ///< 0.94 to 0.97 were seen for layers of gpt2-124m, in bf16

/// Of all calls together.
struct Spent {
    std::vector<double> seconds;  ///< of each call
    double all = 0;
    double own = 0;     ///< processor seconds of this process
    double others = 0;  ///< and of whatever else there is
};

bool enough(const Spent& spent) {
    return spent.seconds.size() >= kMostRounds ||
           spent.all >= (spent.seconds.size() < kLeastRounds ? kLongSeconds : kEnoughSeconds);
}

}  // namespace

Result<double> usualSeconds(int64_t threads, const std::function<Status()>& work,
                            const std::function<Status()>& prepare, const Meters& meters) {
    const auto ready = [&prepare] { return prepare ? prepare() : Status(); };
    GSST_TRY(ready());
    GSST_TRY(work());
    Spent spent;
    while (!enough(spent)) {
        GSST_TRY(ready());
        const ProcessorTime before = meters.processors();
        const Stopwatch watch(meters.clock);
        GSST_TRY(work());
        spent.seconds.push_back(watch.seconds());
        const ProcessorTime after = meters.processors();
        const double own = after.process - before.process;
        spent.all += spent.seconds.back();
        spent.own += own;
        spent.others += after.system - before.system - own;
    }
    std::vector<double>& seconds = spent.seconds;
    const double available = double(threads) * spent.all;
    const bool busy = spent.others > kDisturbingShare * available;
    std::sort(seconds.begin(), seconds.end());
    double usual = seconds[seconds.size() / (busy ? 4 : 2)];
    if (busy && usual > kUndisturbedSeconds && spent.own < kDisturbedShare * available)
        usual = std::min(usual, spent.own / (kUsualShare * double(threads) * double(seconds.size())));
    return std::max(1e-9, usual);
}

}  // namespace gsst
