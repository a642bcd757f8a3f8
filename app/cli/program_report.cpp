// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/program_report.h"

#include "app/cli/text_table.h"
#include "base/units.h"
#include "spec/describe_unit.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <ostream>
#include <vector>

namespace gsst {
namespace {

using Align = TextColumn::Align;

/// What all ops of a kind do together.
struct KindTotal {
    std::string lane;
    std::string kind;
    int64_t ops = 0;
    int64_t read = 0;
    int64_t written = 0;
    int64_t copied = 0;
    double flops = 0;
    double seconds = 0;
};

void count(KindTotal& total, const ListedOp& op) {
    ++total.ops;
    (op.lane() == Lane::Write ? total.written : total.read) += op.ioBytes;
    total.copied += op.copyBytes;
    total.flops += op.flops;
    total.seconds += op.seconds;
}

/// In the order in which the kinds are first met, reads before computing before writes before the link.
std::vector<KindTotal> totalsOf(const StepListing& listing) {
    std::vector<KindTotal> totals;
    for (Lane lane : {Lane::Read, Lane::Compute, Lane::Write, Lane::Link}) {
        std::map<OpKind, size_t> places;
        for (const ListedOp& op : listing.ops) {
            if (op.lane() != lane)
                continue;
            const auto [place, isNew] = places.try_emplace(op.kind, totals.size());
            if (isNew)
                totals.push_back({nameOf(lane), nameOf(op.kind)});
            count(totals[place->second], op);
        }
    }
    return totals;
}

std::string size(int64_t bytes) {
    return bytes == 0 ? std::string("-") : formatBytes(uint64_t(bytes));
}

std::string flopsText(double flops) {
    constexpr const char* kUnits[] = {"", " k", " M", " G", " T", " P"};
    size_t unit = 0;
    for (; flops >= 1000 && unit + 1 < std::size(kUnits); ++unit)
        flops /= 1000;
    if (flops <= 0)
        return "-";
    char text[32];
    std::snprintf(text, sizeof(text), flops < 100 ? "%.1f%s" : "%.0f%s", flops, kUnits[unit]);
    return text;
}

std::string fixed(double value, int digits) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.*f", digits, value);
    return text;
}

/// As people count, from 1; "-" if there is none.
std::string counted(int index) {
    return index < 0 ? std::string("-") : std::to_string(countedFromOne(index));
}

void printTotals(std::ostream& out, const StepListing& listing) {
    const std::vector<TextColumn> columns{{Align::Left, 8},   {Align::Left, 20},  {Align::Right, 7},
                                          {Align::Right, 10}, {Align::Right, 10}, {Align::Right, 10},
                                          {Align::Right, 9},  {Align::Right, 10}};
    out << tableLine(columns, {"lane", "op", "count", "read", "written", "copied", "FLOPs", "seconds"});
    KindTotal all{"total", ""};
    std::map<std::string, double> busy;
    double readWait = 0, writeWait = 0, linkWait = 0;
    for (const KindTotal& total : totalsOf(listing)) {
        out << tableLine(columns,
                         {total.lane, total.kind, std::to_string(total.ops), size(total.read), size(total.written),
                          size(total.copied), flopsText(total.flops), fixed(total.seconds, 3)});
        all.ops += total.ops;
        all.read += total.read;
        all.written += total.written;
        all.copied += total.copied;
        all.flops += total.flops;
        busy[total.lane] += total.seconds;
    }
    for (const ListedOp& op : listing.ops) {
        readWait += op.readWait;
        linkWait += op.linkWait;
        writeWait += op.writeWait;
    }
    out << tableLine(columns, {all.lane, all.kind, std::to_string(all.ops), size(all.read), size(all.written),
                               size(all.copied), flopsText(all.flops), ""})
        << "\nThe lanes work side by side: computing takes " << fixed(busy["compute"], 3) << " s, reading "
        << fixed(busy["read"], 3) << " s, writing " << fixed(busy["write"], 3) << " s.\nComputing waits "
        << fixed(readWait, 3) << " s for reads and " << fixed(writeWait, 3) << " s for writes (no free staging)"
        << (busy.contains("link") ? " and " + fixed(linkWait, 3) + " s for other ranks" : "") << ".\n";
}

char letterOf(Space space) {
    switch (space) {
    case Space::Staging:
        return 'S';
    case Space::Device:
        return 'D';
    case Space::Ram:
        return 'R';
    }
    return '?';
}

/// One a line: "+S state 4.5 MiB".
std::string buffersText(const ListedOp& op) {
    std::string text;
    const auto add = [&text](char sign, const std::vector<ListedBuffer>& buffers) {
        for (const ListedBuffer& buffer : buffers) {
            if (buffer.keptAcrossSteps)
                continue;
            const char space = letterOf(buffer.space);
            const bool stored = buffer.use == BufferUse::ChunkGradient;
            if (!text.empty())
                text += '\n';
            text.append({sign, space, ' '})
                .append(nameOf(stored ? BufferUse::Gradient : buffer.use))
                .append(" ")
                .append(formatBytes(uint64_t(buffer.bytes)));
        }
    };
    add('+', op.acquires);
    add('-', op.releases);
    return text;
}

/// Where the heading of a group of ops is printed: program, sweep and slice.
bool startsGroup(const ListedOp& op, const ListedOp& before) {
    return op.program != before.program || op.slice != before.slice || op.sweep != before.sweep;
}

std::string headingOf(const StepListing& listing, const ListedOp& op) {
    const size_t slice = size_t(op.slice);
    const std::string name = slice < listing.slices.size() ? ": " + listing.slices[slice] : std::string();
    return std::string("-- ") + nameOf(op.sweep) + ", slice " + counted(op.slice) + name + '\n';
}

std::string unitText(const StepListing& listing, const ListedOp& op) {
    return size_t(op.unit) < listing.units.size() ? listing.units[size_t(op.unit)].label : "-";
}

constexpr const char* kLegend = R"(
The ops in their order. Those of a lane run one after the other, the lanes side by side.
  unit      part of the model: emb(edding), 3a the attention and 3m the MLP of layer 3, head
  batch     micro-batch of the step; ops, slices, layers and micro-batches count from 1
  bytes     read, written, or moved in memory
  start     from when computing turned to this step; below 0: read ahead during the step before
  buffers   + from this op on, - up to it; S staging, D device, R RAM

)";

void printOps(std::ostream& out, const StepListing& listing) {
    const std::vector<TextColumn> columns{{Align::Right, 6}, {Align::Left, 7},  {Align::Left, 14}, {Align::Right, 4},
                                          {Align::Right, 5}, {Align::Right, 8}, {Align::Right, 6}, {Align::Right, 9},
                                          {Align::Right, 8}, {Align::Left, 0},  {Align::Left, 23}};
    const bool inSeconds = listing.seconds >= 100;  // so that the numbers stay short
    const double unit = inSeconds ? 1 : 1e3;
    out << kLegend
        << tableLine(columns, {"op", "lane", "kind", "unit", "batch", "bytes", "FLOPs",
                               inSeconds ? "start s" : "start ms", inSeconds ? "s" : "ms", "", "buffers"});
    for (size_t place = 0; place < listing.ops.size(); ++place) {
        const ListedOp& op = listing.ops[place];
        if (place == 0 || startsGroup(op, listing.ops[place - 1]))
            out << headingOf(listing, op);
        out << tableLine(columns,
                         {counted(int(place)), nameOf(op.lane()), nameOf(op.kind), unitText(listing, op),
                          counted(op.microBatch), size(op.ioBytes > 0 ? op.ioBytes : op.copyBytes), flopsText(op.flops),
                          fixed(op.start * unit, 2), fixed(op.seconds * unit, 2), "", buffersText(op)});
    }
}

nlohmann::ordered_json buffersJson(const std::vector<ListedBuffer>& buffers) {
    auto all = nlohmann::ordered_json::array();
    for (const ListedBuffer& buffer : buffers)
        all.push_back({{"buffer", buffer.number},
                       {"space", nameOf(buffer.space)},
                       {"use", nameOf(buffer.use)},
                       {"bytes", buffer.bytes},
                       {"kept_across_steps", buffer.keptAcrossSteps}});
    return all;
}

}  // namespace

void printProgram(std::ostream& out, const std::string& name, const StepListing& listing) {
    out << "One training step of " << name << " as it is planned: " << listing.ops.size() << " ops, "
        << formatSeconds(listing.seconds) << ", update " << listing.updateRule << "\n\n";
    printTotals(out, listing);
    printOps(out, listing);
}

nlohmann::ordered_json programJson(const StepListing& listing) {
    auto totals = nlohmann::ordered_json::array();
    for (const KindTotal& total : totalsOf(listing))
        totals.push_back({{"lane", total.lane},
                          {"kind", total.kind},
                          {"ops", total.ops},
                          {"read_bytes", total.read},
                          {"written_bytes", total.written},
                          {"copied_bytes", total.copied},
                          {"flops", total.flops},
                          {"seconds", total.seconds}});
    auto ops = nlohmann::ordered_json::array();
    for (const ListedOp& op : listing.ops)
        ops.push_back({{"program", op.program},
                       {"phase", nameOf(op.sweep)},
                       {"lane", nameOf(op.lane())},
                       {"kind", nameOf(op.kind)},
                       {"slice", op.slice},
                       {"unit", op.unit},
                       {"micro_batch", op.microBatch},
                       {"io_bytes", op.ioBytes},
                       {"copied_bytes", op.copyBytes},
                       {"link_bytes", op.linkBytes},
                       {"flops", op.flops},
                       {"start", op.start},
                       {"seconds", op.seconds},
                       {"read_wait", op.readWait},
                       {"link_wait", op.linkWait},
                       {"write_wait", op.writeWait},
                       {"acquires", buffersJson(op.acquires)},
                       {"releases", buffersJson(op.releases)}});
    auto units = nlohmann::ordered_json::array();
    for (const ListedUnit& unit : listing.units)
        units.push_back(unit.name);
    return {{"update", listing.updateRule},
            {"seconds", listing.seconds},
            {"programs", listing.programs},
            {"slices", listing.slices},
            {"units", units},
            {"totals", totals},
            {"ops", ops}};
}

}  // namespace gsst
