// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/member_count.h"
#include "spec/json_text.h"

#include <tuple>
#include <type_traits>
#include <utility>

namespace gsst {

/// Where a figure is told of: the log of a run, which lasts, or what a program hears while it goes on.
enum class FigureUse { Everywhere, LogOnly, LiveOnly };

/// A figure of a struct that is told to programs: its key in JSON, and where it is.
template <typename Struct, typename Value>
struct Figure {
    const char* key = "";
    Value Struct::* member = nullptr;
    FigureUse use = FigureUse::Everywhere;
};

template <typename Struct, typename Value>
constexpr Figure<Struct, Value> figure(const char* key, Value Struct::* member, FigureUse use = FigureUse::Everywhere) {
    return {key, member, use};
}

/// All figures of a struct, in the order in which they are written. A new member is one more line there, and is in the
/// log, in the output of --json and wherever else the struct is told of.
template <typename Struct>
inline constexpr auto kFigures = std::tuple<>();

/// Whether every member of the struct is among its figures but for `untold` of them.
template <typename Struct>
constexpr bool tellsAllBut(size_t untold) {
    return std::tuple_size_v<std::remove_cvref_t<decltype(kFigures<Struct>)>> + untold == memberCount<Struct>();
}

/// Calls visit(key, value, use) for each figure of `of`.
template <typename Struct, typename Visitor>
void forEachFigure(const Struct& of, Visitor&& visit) {
    std::apply([&](const auto&... each) { (visit(each.key, of.*(each.member), each.use), ...); }, kFigures<Struct>);
}

/// The figures as JSON, without those that are only for what `except` names. A value that is no finite number is null,
/// an enum is its nameOf().
template <typename Struct>
Json figuresJson(const Struct& of, FigureUse except) {
    Json json = Json::object();
    forEachFigure(of, [&](const char* key, const auto& value, FigureUse use) {
        if (use == except)
            return;
        if constexpr (std::is_enum_v<std::remove_cvref_t<decltype(value)>>)
            json[key] = nameOf(value);
        else
            json[key] = value;
    });
    return json;
}

}  // namespace gsst
