// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/completion.h"

#include "app/cli/commands.h"
#include "app/cli/console.h"

#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>

namespace gsst {
namespace {

std::vector<std::string> split(const std::string& text, char at) {
    std::vector<std::string> parts;
    std::istringstream stream(text);
    for (std::string part; std::getline(stream, part, at);)
        parts.push_back(part);
    return parts;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : " ") + word;
    return text;
}

/// Words that the value of an option is one of; empty = anything. `presets` stand for NAME.
std::vector<std::string> wordsFor(const CLI::Option& option, const std::vector<std::string>& presets) {
    const std::string value = option.get_type_name();
    if (value == "NAME")
        return presets;
    return value.find('|') == std::string::npos ? std::vector<std::string>() : split(value, '|');
}

bool takesPath(const CLI::Option& option) {
    const std::string value = option.get_type_name();
    return value == "PATH" || value == "FILE" || value == "FOLDER";
}

bool isFlag(const CLI::Option& option) {
    return option.get_items_expected_max() == 0;
}

/// A quote inside single quotes, for a shell.
std::string quoted(std::string text) {
    for (size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 4)
        text.replace(at, 1, "'\\''");
    return "'" + std::move(text) + "'";
}

std::vector<const CLI::Option*> optionsOf(const CLI::App& command) {
    std::vector<const CLI::Option*> options = command.get_options();
    std::erase_if(options, [](const CLI::Option* option) { return option->get_lnames().empty(); });
    return options;
}

std::string bashScript(const CLI::App& program, const std::vector<std::string>& presets) {
    std::vector<std::string> names;
    std::string perCommand;
    std::map<std::string, std::string> values;
    for (const CLI::App* command : program.get_subcommands({})) {
        names.push_back(command->get_name());
        std::vector<std::string> options;
        for (const CLI::Option* option : optionsOf(*command))
            for (const std::string& name : option->get_lnames()) {
                options.push_back("--" + name);
                if (const auto words = wordsFor(*option, presets); !words.empty())
                    values["--" + name] = joined(words);
                else if (!isFlag(*option) && !takesPath(*option))
                    values["--" + name] = "";
            }
        perCommand += "    " + command->get_name() + ") words='" + joined(options) + "' ;;\n";
    }
    std::string perOption;
    for (const auto& [option, words] : values)
        perOption += "    " + option + ") COMPREPLY=($(compgen -W '" + words + "' -- \"$word\")); return ;;\n";
    return "# Completion of gsst for bash: eval \"$(gsst completion bash)\"\n"
           "_gsst() {\n"
           "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=\n"
           "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
           "    COMPREPLY=($(compgen -W '" +
           joined(names) +
           " --help --help-all --version' -- \"$word\")); return\n"
           "  fi\n"
           "  case $before in\n" +
           perOption +
           "  esac\n"
           "  case ${COMP_WORDS[1]} in\n" +
           perCommand +
           "  esac\n"
           "  case $word in\n"
           "    -*) COMPREPLY=($(compgen -W \"$words\" -- \"$word\")) ;;\n"
           "    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
           "  esac\n"
           "}\n"
           "complete -o filenames -F _gsst gsst\n";
}

std::string zshScript(const CLI::App& program, const std::vector<std::string>& presets) {
    return "# Completion of gsst for zsh: eval \"$(gsst completion zsh)\"\n"
           "autoload -U +X compinit && compinit\n"
           "autoload -U +X bashcompinit && bashcompinit\n" +
           bashScript(program, presets);
}

std::string fishScript(const CLI::App& program, const std::vector<std::string>& presets) {
    std::string script = "# Completion of gsst for fish: gsst completion fish | source\n";
    for (const CLI::App* command : program.get_subcommands({})) {
        script += "complete -c gsst -n __fish_use_subcommand -f -a " + command->get_name() + " -d " +
                  quoted(command->get_description()) + '\n';
        for (const CLI::Option* option : optionsOf(*command))
            for (const std::string& name : option->get_lnames()) {
                script += "complete -c gsst -n '__fish_seen_subcommand_from " + command->get_name() + "' -l " + name;
                if (const auto words = wordsFor(*option, presets); !words.empty())
                    script += " -x -a " + quoted(joined(words));
                else if (!isFlag(*option))
                    script += takesPath(*option) ? " -r" : " -x";
                script += " -d " + quoted(option->get_description()) + '\n';
            }
    }
    return script;
}

Error unknownShell(const std::string& shell) {
    return {ErrorCode::InvalidInput, "There is no completion for this shell", shell,
            "there is one for bash, zsh and fish", "Use one of these"};
}

int printCompletion(const CLI::App& program, const std::string& shell, const CommandContext& context) {
    std::vector<std::string> names;
    if (const auto presets = loadPresets(context.presetsFolder); presets.ok())
        for (const RunSpec& preset : *presets)
            names.push_back(preset.name);
    const auto script = completionScript(program, shell, names);
    if (!script.ok())
        return reportError(script.error(), false);
    std::cout << *script << std::flush;
    return 0;
}

}  // namespace

Result<std::string> completionScript(const CLI::App& program, const std::string& shell,
                                     const std::vector<std::string>& presets) {
    if (shell == "bash")
        return bashScript(program, presets);
    if (shell == "zsh")
        return zshScript(program, presets);
    if (shell == "fish")
        return fishScript(program, presets);
    return unknownShell(shell);
}

void addCompletion(CLI::App& app, CommandContext& context) {
    auto shell = std::make_shared<std::string>();
    CLI::App* command =
        app.add_subcommand("completion", "Print what makes a shell complete commands, options and their values");
    command->add_option("shell", *shell, "bash, zsh or fish; for bash: eval \"$(gsst completion bash)\"")->required();
    command->callback([shell, &app, &context] { context.exitCode = printCompletion(app, *shell, context); });
}

}  // namespace gsst
