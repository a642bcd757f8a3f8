// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "app/cli/device_option.h"
#include "app/cli/stop_on_request.h"
#include "base/units.h"
#include "service/run_tools.h"

#include <nlohmann/json.hpp>

#include <iostream>

namespace gsst {

void addGenerate(CLI::App& app, CommandContext& context) {
    struct Options {
        std::filesystem::path run;
        GenerateOptions generate;
        DeviceOption device;
        std::string vram;
        bool json = false;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("generate", "Write text with the committed model of a run");
    command->add_option("run", options->run, "Folder of the run")->required();
    command->add_option("--prompt", options->generate.prompt, "What the text begins with");
    command->add_option("--tokens", options->generate.tokens, "How many tokens to write")->check(CLI::PositiveNumber);
    command->add_option("--temperature", options->generate.temperature, "0 = always the likeliest token")
        ->check(CLI::NonNegativeNumber);
    command->add_option("--top-p", options->generate.topP, "Only the likeliest tokens that make up this share")
        ->check(CLI::Range(0.0, 1.0));
    command->add_option("--top-k", options->generate.topK, "Only so many of the likeliest tokens; 0 = all")
        ->check(CLI::NonNegativeNumber);
    command->add_option("--seed", options->generate.seed, "Another seed, another text");
    options->device.addTo(*command);
    command->add_option("--vram", options->vram,
                        "Limit of device memory; below the model's size it is read slice by slice");
    command->add_flag("--json", options->json, "Prompt and text as one JSON object");
    command->callback([options, &context] {
        const auto device = options->device.device();
        if (!device.ok()) {
            context.exitCode = reportError(device.error(), options->json);
            return;
        }
        options->generate.device = *device;
        if (!options->vram.empty()) {
            auto bytes = parseBytes(options->vram);
            if (!bytes.ok()) {
                context.exitCode = reportError(bytes.error(), options->json);
                return;
            }
            options->generate.deviceBytes = *bytes;
        }
        if (!options->json)
            std::cout << options->generate.prompt << std::flush;
        const auto onText = [&](const std::string& piece) {
            if (!options->json)
                std::cout << piece << std::flush;
        };
        const StopOnRequest interrupted;
        auto text = generateText(options->run, options->generate, onText, interrupted.token());
        if (!options->json)
            std::cout << std::endl;
        if (text.ok() && options->json)
            std::cout << nlohmann::ordered_json{{"prompt", options->generate.prompt}, {"text", *text}}.dump(
                             -1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
                      << std::endl;
        context.exitCode = text.ok() ? 0 : reportError(text.error(), options->json);
    });
}

}  // namespace gsst
