// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/runs/sample_run.h"

#include <string>

namespace gsst {

Result<RunRequest> sampleRequest(TrainingService& service, const std::filesystem::path& runsFolder) {
    GSST_ASSIGN(const std::vector<RunSpec> presets, service.presets());
    RunRequest request;
    request.sampleText = true;
    for (const RunSpec& preset : presets)
        if (preset.name == "sample")
            request.spec = preset;
    if (request.spec.name != "sample")
        return Error{ErrorCode::NotFound, "The sample cannot be started", "presets/sample.json",
                     "the preset is missing", "Install GSST Studio again"};
    std::error_code ignored;
    request.runFolder = runsFolder / "Sample stories";
    for (int number = 2; std::filesystem::exists(request.runFolder, ignored); ++number)
        request.runFolder = runsFolder / ("Sample stories " + std::to_string(number));
    return request;
}

}  // namespace gsst
