// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake_tools.h"

namespace gsst {

namespace test {

FakeTools& fakeTools() {
    static FakeTools tools;
    return tools;
}

}  // namespace test

Result<VerifyResult> verifyRun(const std::filesystem::path& run, const ProgressCallback&, std::stop_token) {
    test::fakeTools().run = run;
    if (test::fakeTools().refusal)
        return *test::fakeTools().refusal;
    return test::fakeTools().verified;
}

Status rollBackRun(const std::filesystem::path&) {
    return {};
}

Result<GeneratedText> generateText(const std::filesystem::path& run, const GenerateOptions& options,
                                   const std::function<void(const std::string&)>& onText, std::stop_token) {
    test::FakeTools& tools = test::fakeTools();
    tools.run = run;
    tools.generate = options;
    if (tools.refusal)
        return *tools.refusal;
    for (const std::string& piece : tools.pieces)
        onText(piece);
    return tools.generated;
}

const char* nameOf(BenchWay) {
    return "disk";
}

Result<BenchResult> runBench(const BenchOptions&, const ProgressCallback&, std::stop_token) {
    return BenchResult();
}

}  // namespace gsst
