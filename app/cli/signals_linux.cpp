// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"
#include "app/cli/signals.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>

namespace gsst {
namespace {

std::atomic<int> requests = 0;
static_assert(std::atomic<int>::is_always_lock_free, "used in a signal handler");

extern "C" void onStop(int) { requests.fetch_add(1); }

}  // namespace

void watchStopRequests() {
    struct sigaction action {};
    action.sa_handler = onStop;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
}

int stopRequests() { return requests.load(); }

bool isTerminal() { return isatty(STDERR_FILENO) == 1; }

}  // namespace gsst
