// SPDX-License-Identifier: GPL-3.0-or-later
#include "machine/processor_time.h"

#include <ctime>
#include <fstream>
#include <string>

#include <unistd.h>

namespace gsst {
namespace {

/// From the first line of /proc/stat: user, nice, system, idle, waiting for I/O, interrupts, soft interrupts, stolen by
/// the host.
double systemSeconds() {
    constexpr int kIdle = 3, kWaiting = 4, kStolen = 7;
    std::ifstream file("/proc/stat");
    std::string name;
    file >> name;
    double ticks = 0;
    for (int column = 0; column <= kStolen; ++column) {
        double value = 0;
        if (!(file >> value))
            return 0;
        ticks += column == kIdle || column == kWaiting ? 0 : value;
    }
    return ticks / double(::sysconf(_SC_CLK_TCK));
}

}  // namespace

ProcessorTime processorTime() {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return {double(time.tv_sec) + 1e-9 * double(time.tv_nsec), systemSeconds()};
}

}  // namespace gsst
