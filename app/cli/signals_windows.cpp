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
    requests.fetch_add(1);
    return TRUE;
}

}  // namespace

void watchStopRequests() { SetConsoleCtrlHandler(onStop, TRUE); }

int stopRequests() { return requests.load(); }

bool isTerminal() { return _isatty(_fileno(stderr)) != 0; }

}  // namespace gsst
