// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/help_page.h"

#include "app/cli/text_table.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace gsst {
namespace {

constexpr std::string_view kSeldomMark = "seldom: ";
constexpr size_t kColumns = 80;
constexpr size_t kNameColumns = 26;

struct Group {
    std::string title;
    std::vector<const CLI::Option*> everyday;
    std::vector<const CLI::Option*> seldom;
};

bool isForHelp(const CLI::Option& option) {
    return option.get_name() == "--help" || option.get_name() == "--help-all" || option.get_name() == "--version";
}

/// In the order in which they were added, options about help last.
std::vector<Group> groupsOf(const CLI::App& command) {
    std::vector<Group> groups;
    Group help{"Help", {}, {}};
    for (const CLI::Option* option : command.get_options()) {
        if (option->get_positional() && option->get_lnames().empty())
            continue;
        if (isForHelp(*option)) {
            help.everyday.push_back(option);
            continue;
        }
        std::string title = option->get_group();
        const bool seldom = title.starts_with(kSeldomMark);
        if (seldom)
            title.erase(0, kSeldomMark.size());
        auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& each) { return each.title == title; });
        if (group == groups.end())
            group = groups.insert(title == kRunGroup ? groups.begin() : groups.end(), {title, {}, {}});
        (seldom ? group->seldom : group->everyday).push_back(option);
    }
    groups.push_back(std::move(help));
    return groups;
}

/// What people need to see of a value: line feeds as they are written in JSON.
std::string shownDefault(std::string value) {
    for (size_t at = 0; (at = value.find('\n', at)) != std::string::npos; at += 2)
        value.replace(at, 1, "\\n");
    return value;
}

/// A name in the left column and words in the right one; a name that is too long has a line of its own.
std::string entry(const std::string& name, const std::string& words) {
    const TextColumn right{TextColumn::Align::Left, kColumns - kNameColumns - 1};
    const std::string indented = "  " + name;
    if (indented.size() <= kNameColumns)
        return tableLine({{TextColumn::Align::Left, kNameColumns}, right}, {indented, words});
    return indented + '\n' + tableLine({{TextColumn::Align::Left, kNameColumns}, right}, {"", words});
}

std::string optionLine(const CLI::Option& option) {
    std::string name = option.get_name();
    if (option.get_items_expected_max() > 0) {
        const std::string value = option.get_type_name();
        name += ' ' + (value.empty() ? "VALUE" : value);
    }
    const std::string value = shownDefault(option.get_default_str());
    return entry(name, option.get_description() + (value.empty() ? "" : " [" + value + "]"));
}

std::string positionalsOf(const CLI::App& command) {
    std::string text;
    for (const CLI::Option* option : command.get_options())
        if (option->get_positional())
            text += entry(option->get_name(true), option->get_description());
    return text.empty() ? text : '\n' + text;
}

std::string usageOf(const CLI::App& command) {
    std::string text = "Usage: gsst";
    if (!command.get_parent())
        return text + " COMMAND [options]\n";
    text += ' ' + command.get_name();
    for (const CLI::Option* option : command.get_options())
        if (option->get_positional()) {
            const std::string name = option->get_name(true);
            text += option->get_required() ? ' ' + name : " [" + name + ']';
        }
    return text + " [options]\n";
}

std::string paragraph(const std::string& text) {
    std::string lines;
    for (const std::string& line : wrapped(text, kColumns))
        lines += line + '\n';
    return lines;
}

std::string commandsOf(const CLI::App& program) {
    std::string text = "\nCommands\n";
    for (const CLI::App* command : program.get_subcommands({}))
        text += entry(command->get_name(), command->get_description());
    return text;
}

}  // namespace

std::string helpGroup(const std::string& title, FieldUse use) {
    return (use == FieldUse::Seldom ? std::string(kSeldomMark) : std::string()) + title;
}

std::string helpPage(const CLI::App& command, HelpExtent extent, const std::string& note) {
    const bool all = extent == HelpExtent::Everything;
    const bool program = !command.get_parent();
    std::string text = paragraph(command.get_description() + ".") + '\n' + usageOf(command) + positionalsOf(command);
    if (program)
        text += commandsOf(command);
    size_t hidden = 0;
    for (const Group& group : groupsOf(command)) {
        if (!all)
            hidden += group.seldom.size();
        if (group.everyday.empty() && (!all || group.seldom.empty()))
            continue;
        text += '\n' + group.title + '\n';
        for (const CLI::Option* option : group.everyday)
            text += optionLine(*option);
        for (size_t i = 0; all && i < group.seldom.size(); ++i)
            text += optionLine(*group.seldom[i]);
    }
    if (!note.empty())
        text += '\n' + paragraph(note);
    if (hidden > 0)
        text += '\n' + paragraph(std::to_string(hidden) + " more options: gsst " + command.get_name() + " --help-all");
    const std::string footer = program || all ? command.get_footer() : std::string();
    return footer.empty() ? text : text + '\n' + footer + '\n';
}

}  // namespace gsst
