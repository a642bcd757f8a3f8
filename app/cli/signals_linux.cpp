// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"
#include "app/cli/signals.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>

namespace gsst {
namespace {

std::atomic<int> requests = 0;
static_assert(std::atomic<int>::is_always_lock_free, "used in a signal handler");

// Only calls that are allowed in a signal handler. The third request ends the program as if nothing watched.
extern "C" void onStop(int signal) {
    if (requests.fetch_add(1) < 2)
        return;
    struct sigaction action{};
    action.sa_handler = SIG_DFL;
    sigaction(signal, &action, nullptr);
    raise(signal);
}

}  // namespace

void watchStopRequests() {
    struct sigaction action{};
    action.sa_handler = onStop;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    sigaction(SIGHUP, &action, nullptr);
}

int stopRequests() {
    return requests.load();
}

bool isTerminal() {
    return isatty(STDERR_FILENO) == 1;
}

int terminalWidth() {
    winsize size{};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace gsst
