// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "app/cli/device_option.h"
#include "app/cli/stop_on_request.h"
#include "base/clock.h"
#include "service/run_tools.h"
#include "spec/recipe_fields.h"

#include <iostream>
#include <memory>

namespace gsst {
namespace {

struct GenerateCommandOptions {
    std::filesystem::path run;
    GenerateOptions generate;
    DeviceOption device;
    std::string vram;
    bool noEcho = false;
    bool json = false;
};

Json textJson(const GenerateOptions& options, const GeneratedText& text, double seconds) {
    return {{"prompt", options.prompt}, {"text", text.text},     {"step", text.step},
            {"seed", options.seed},     {"tokens", text.tokens}, {"seconds", seconds}};
}

int generate(GenerateCommandOptions& options) {
    const auto device = options.device.device();
    if (!device.ok())
        return reportError(device.error(), options.json);
    options.generate.device = *device;
    if (!options.vram.empty()) {
        const auto bytes = bytesFromText("--vram", options.vram);
        if (!bytes.ok())
            return reportError(bytes.error(), options.json);
        options.generate.deviceBytes = *bytes;
    }
    // The prompt comes with the first piece, so that an error stands alone.
    bool begun = false;
    const auto onText = [&](const std::string& piece) {
        if (options.json)
            return;
        if (!std::exchange(begun, true) && !options.noEcho)
            std::cout << options.generate.prompt;
        std::cout << piece << std::flush;
    };
    const StopOnRequest interrupted;
    const Stopwatch watch;
    const auto text = generateText(options.run, options.generate, onText, interrupted.token());
    if (text.ok())
        onText("");
    if (begun)
        std::cout << std::endl;
    if (!text.ok())
        return reportError(text.error(), options.json);
    if (options.json)
        std::cout << jsonLine(textJson(options.generate, *text, watch.seconds())) << std::endl;
    return 0;
}

}  // namespace

void addGenerate(CLI::App& app, CommandContext& context) {
    auto options = std::make_shared<GenerateCommandOptions>();
    GenerateOptions& generated = options->generate;
    CLI::App* command =
        app.add_subcommand("generate", "Write text with the committed model of a run, also while it trains");
    command->add_option("run", options->run, "Folder of the run")->required();
    command->add_option("--prompt", generated.prompt, "What the text begins with")->type_name("TEXT");
    command->add_option("--tokens", generated.tokens, "How many tokens to write")
        ->type_name("N")
        ->default_str(std::to_string(generated.tokens))
        ->check(CLI::PositiveNumber);
    command
        ->add_option("--temperature", generated.temperature, "How bold the choice is; 0 = always the likeliest token")
        ->type_name("X")
        ->default_str("0.8")
        ->check(CLI::NonNegativeNumber);
    command
        ->add_option("--top-p", generated.topP, "Sample from the likeliest tokens that have this probability together")
        ->type_name("X")
        ->default_str("0.95")
        ->check(CLI::Range(0.0, 1.0));
    command->add_option("--top-k", generated.topK, "Sample from the k likeliest tokens; 0 = from all")
        ->type_name("K")
        ->default_str(std::to_string(generated.topK))
        ->check(CLI::NonNegativeNumber);
    command->add_option("--seed", generated.seed, "Another seed, another text")
        ->type_name("N")
        ->default_str(std::to_string(generated.seed));
    command
        ->add_option("--vram", options->vram,
                     "Limit of working memory, such as 4GiB; below the model's size it is read slice by slice")
        ->type_name("SIZE");
    options->device.addTo(*command);
    command->add_flag("--no-echo", options->noEcho, "Print the text without the prompt before it");
    command->add_flag("--json", options->json, "Prompt, text, step, seed, tokens and seconds as one JSON object");
    command->callback([options, &context] { context.exitCode = generate(*options); });
}

}  // namespace gsst
