// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"

#include "app/cli/text_table.h"

#include <algorithm>
#include <iostream>

namespace gsst {
namespace {

bool lineOpen = false;
std::string lastJob;

Json versioned(Json object) {
    object["schema"] = kJsonSchema;
    return object;
}

int characters(const std::string& text) {
    return int(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

std::string jsonLine(const Json& object) {
    return versioned(object).dump(-1, ' ', false, Json::error_handler_t::replace);
}

void printJson(const Json& object) {
    std::cout << versioned(object).dump(2, ' ', false, Json::error_handler_t::replace) << std::endl;
}

int reportError(const Error& error, bool json) {
    endProgress();
    if (json)
        std::cout << jsonLine({{"event", "error"},
                               {"what", error.what},
                               {"where", error.where},
                               {"why", error.why},
                               {"todo", error.todo}})
                  << std::endl;
    std::cerr << fitted("error: " + error.text()) << std::endl;
    return exitCode(error.code);
}

void showProgress(const Progress& progress) {
    if (!isTerminal()) {
        if (progress.what != lastJob)
            std::cerr << progress.what << " ..." << std::endl;
        lastJob = progress.what;
        return;
    }
    rewriteLine({progressText(progress)});
}

void rewriteLine(const std::vector<std::string>& parts) {
    // The last column stays free: many terminals begin a new line as soon as it is written.
    std::cerr << "\r\033[K" << partsThatFit(parts, terminalWidth() - 1) << std::flush;
    lineOpen = true;
}

std::string partsThatFit(const std::vector<std::string>& parts, int columns) {
    std::string line;
    for (const std::string& part : parts) {
        const std::string longer = line.empty() ? part : line + "  " + part;
        if (characters(longer) > columns)
            return line.empty() ? cutTo(part, columns) : line;
        line = longer;
    }
    return line;
}

std::string fitted(const std::string& line) {
    if (!isTerminal())
        return line;
    std::string text;
    for (const std::string& part : wrapped(line, size_t(std::max(20, terminalWidth() - 1))))
        text += (text.empty() ? "" : "\n") + part;
    return text;
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
