// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"
#include "app/cli/signals.h"

#include <windows.h>

#include <io.h>
#include <stdio.h>

#include <atomic>

namespace gsst {
namespace {

std::atomic<int> requests = 0;

BOOL WINAPI onStop(DWORD) {
    // The third request is left to the system, which ends the program.
    return requests.fetch_add(1) < 2 ? TRUE : FALSE;
}

}  // namespace

void watchStopRequests() {
    SetConsoleCtrlHandler(onStop, TRUE);
}

int stopRequests() {
    return requests.load();
}

bool isTerminal() {
    return _isatty(_fileno(stderr)) != 0;
}

int terminalWidth() {
    CONSOLE_SCREEN_BUFFER_INFO info{};
    const bool known = GetConsoleScreenBufferInfo(GetStdHandle(STD_ERROR_HANDLE), &info) != 0;
    return known ? info.srWindow.Right - info.srWindow.Left + 1 : 80;
}

}  // namespace gsst
