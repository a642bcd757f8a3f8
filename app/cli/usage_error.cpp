// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/usage_error.h"

#include "spec/run_spec.h"

#include <algorithm>

namespace gsst {
namespace {

std::vector<std::string> commandNames(const CLI::App& program) {
    std::vector<std::string> names;
    for (const CLI::App* command : program.get_subcommands({}))
        names.push_back(command->get_name());
    return names;
}

std::vector<std::string> optionNames(const CLI::App& command) {
    std::vector<std::string> names;
    for (const CLI::Option* option : command.get_options())
        for (const std::string& name : option->get_lnames())
            names.push_back("--" + name);
    return names;
}

std::string listed(const std::vector<std::string>& words) {
    std::string list;
    for (const std::string& word : words)
        list += (list.empty() ? "" : ", ") + word;
    return list;
}

Error unknownCommand(const CLI::App& program, const std::string& word) {
    const std::vector<std::string> names = commandNames(program);
    const std::string nearest = nearestWord(word, names);
    return {ErrorCode::InvalidInput, "There is no such command", word, "there are " + listed(names),
            nearest.empty() ? "Use one of these" : "Did you mean gsst " + nearest + "?"};
}

Error unknownOption(const CLI::App& command, const std::string& word) {
    const std::string help = "gsst " + command.get_name() + " --help-all";
    if (!word.starts_with("-"))
        return {ErrorCode::InvalidInput, "The command line cannot be understood", word,
                "gsst " + command.get_name() + " does not know what to do with this word",
                "If it is the value of an option, write the option before it; " + help + " lists them"};
    const std::string name = word.substr(0, word.find('='));
    const std::string nearest = nearestWord(name, optionNames(command));
    return {ErrorCode::InvalidInput, "There is no such option", name,
            "gsst " + command.get_name() + " does not have it",
            nearest.empty() ? help + " lists all options" : "Did you mean " + nearest + "?"};
}

/// "Use a number..." of the library's sentences, without the option's name before it.
std::string plain(const CLI::ParseError& error) {
    std::string text = error.what();
    std::replace(text.begin(), text.end(), '\n', ' ');
    while (!text.empty() && (text.back() == '.' || text.back() == ' '))
        text.pop_back();
    return text;
}

}  // namespace

Error usageError(const CLI::App& command, const std::vector<std::string>& unknown, const CLI::ParseError& error) {
    const bool program = !command.get_parent();
    if (program && !unknown.empty() && !unknown.front().starts_with("-"))
        return unknownCommand(command, unknown.front());
    if (program)
        return {ErrorCode::InvalidInput, "No command was given", unknown.empty() ? "" : unknown.front(),
                "there are " + listed(commandNames(command)), "Begin with one of these: gsst train --help"};
    if (!unknown.empty())
        return unknownOption(command, unknown.front());
    return {ErrorCode::InvalidInput, "The command line cannot be understood", "gsst " + command.get_name(),
            plain(error), "gsst " + command.get_name() + " --help shows how it is called"};
}

}  // namespace gsst
