// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/run_tools.h"

#include <optional>

namespace gsst::test {

/// What the run tools of the tests of commands were asked for, and what they answer.
struct FakeTools {
    std::filesystem::path run;
    GenerateOptions generate;
    std::vector<std::string> pieces{" upon", " a time"};
    GeneratedText generated{" upon a time", 7, 3};
    VerifyResult verified;
    std::optional<Error> refusal;
};
FakeTools& fakeTools();

}  // namespace gsst::test
