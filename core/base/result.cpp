// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/result.h"

namespace gsst {

namespace {

bool endsSentence(const std::string& text) {
    return text.ends_with('.') || text.ends_with('?');
}

}  // namespace

std::string Error::text() const {
    std::string text = what;
    if (!where.empty())
        text += text.empty() ? where : " (" + where + ")";
    if (!why.empty())
        text += text.empty() ? why : ": " + why;
    if (!text.empty() && !endsSentence(text))
        text += ".";
    if (!todo.empty())
        text += (text.empty() ? "" : " ") + todo + (endsSentence(todo) ? "" : ".");
    return text;
}

int exitCode(ErrorCode code) {
    switch (code) {
    case ErrorCode::InvalidInput:
        return 2;
    case ErrorCode::NotFound:
        return 3;
    case ErrorCode::Permission:
        return 4;
    case ErrorCode::NoSpace:
        return 5;
    case ErrorCode::Busy:
        return 6;
    case ErrorCode::Corrupt:
        return 7;
    case ErrorCode::NewerVersion:
        return 8;
    case ErrorCode::OverBudget:
        return 9;
    case ErrorCode::OutOfMemory:
        return 10;
    case ErrorCode::Io:
        return 11;
    case ErrorCode::Cancelled:
        return 12;
    case ErrorCode::Internal:
        break;
    }
    return 13;
}

}  // namespace gsst
