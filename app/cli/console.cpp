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
        std::cout << nlohmann::ordered_json{{"event", "error"},
                                            {"what", error.what},
                                            {"where", error.where},
                                            {"why", error.why},
                                            {"todo", error.todo}}
                         .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
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
    rewriteLine(progressText(progress));
}

void rewriteLine(const std::string& text) {
    // The last column stays free: many terminals begin a new line as soon as it is written.
    std::cerr << "\r\033[K" << cutTo(text, terminalWidth() - 1) << std::flush;
    lineOpen = true;
}

std::string progressText(const Progress& progress) {
    if (progress.total == 0 && progress.done == 0)
        return progress.what + " ...";
    std::string text = progress.what + "  " + std::to_string(progress.done);
    if (progress.total > 0)
        text += " of " + std::to_string(progress.total);
    return progress.unit.empty() ? text : text + ' ' + progress.unit;
}

std::string cutTo(const std::string& text, int columns) {
    int seen = 0;
    for (size_t i = 0; i < text.size(); ++i) {
        const bool continues = (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80;
        if (!continues && ++seen > columns)
            return text.substr(0, i);
    }
    return text;
}

void endProgress() {
    if (lineOpen)
        std::cerr << "\r\033[K" << std::flush;
    lineOpen = false;
}

}  // namespace gsst
