// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"

#include <nlohmann/json.hpp>

#include <iostream>

namespace gsst {
namespace {

bool lineOpen = false;
std::string lastJob;

}  // namespace

int reportError(const Error& error, bool json) {
    endProgress();
    if (json)
        std::cout << nlohmann::ordered_json{{"event", "error"}, {"what", error.what}, {"where", error.where}, {"why", error.why}, {"todo", error.todo}}.dump(
                         -1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
                  << std::endl;
    std::cerr << "error: " << error.text() << std::endl;
    return exitCode(error.code);
}

void showProgress(const Progress& progress) {
    if (!isTerminal()) {
        if (progress.what != lastJob)
            std::cerr << progress.what << " ..." << std::endl;
        lastJob = progress.what;
        return;
    }
    std::cerr << "\r\033[K" << progress.what << "  " << progress.done;
    if (progress.total > 0)
        std::cerr << " of " << progress.total;
    std::cerr << ' ' << progress.unit << std::flush;
    lineOpen = true;
}

void endProgress() {
    if (lineOpen)
        std::cerr << "\r\033[K" << std::flush;
    lineOpen = false;
}

}  // namespace gsst
