// SPDX-License-Identifier: GPL-3.0-or-later
#include "trace/trace_writer.h"

#include "base/units.h"
#include "spec/describe_unit.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace gsst {
namespace {

constexpr int kMeasured = 1;
constexpr int kSimulated = 2;
// Numbers of the tracks, in the order in which they are shown. Reads and writes have many.
constexpr int kSteps = 1;
constexpr int kCompute = 2;
constexpr int kWaits = 3;
constexpr int kFirstRead = 1000;
constexpr int kFirstWrite = 2000;
constexpr int kLink = 3000;

constexpr const char* kWaitForRead = "waiting for read";
constexpr const char* kWaitForWrite = "waiting for write";
constexpr const char* kWaitForLink = "waiting for link";

const char* laneName(Lane lane) {
    switch (lane) {
    case Lane::Read:
        return "disk read";
    case Lane::Write:
        return "disk write";
    case Lane::Link:
        return "link";
    case Lane::Compute:
        break;
    }
    return "compute";
}

int trackOf(Lane lane, int row) {
    switch (lane) {
    case Lane::Read:
        return kFirstRead + row;
    case Lane::Write:
        return kFirstWrite + row;
    case Lane::Link:
        return kLink + row;
    case Lane::Compute:
        break;
    }
    return kCompute;
}

const char* waitName(WaitCause cause) {
    switch (cause) {
    case WaitCause::Read:
        return kWaitForRead;
    case WaitCause::Link:
        return kWaitForLink;
    case WaitCause::Write:
        break;
    }
    return kWaitForWrite;
}

/// Appends `text` as JSON has it: in quotes, with what they would not bear escaped.
void addQuoted(std::string& json, std::string_view text) {
    json += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            json.append({'\\', c});
        } else if (static_cast<unsigned char>(c) < 0x20) {
            constexpr const char* kDigits = "0123456789abcdef";
            json.append("\\u00").append({kDigits[c >> 4], kDigits[c & 15]});
        } else {
            json += c;
        }
    }
    json += '"';
}

/// Appends `"name":value` to the arguments of an event; `name` needs no escapes.
void addArgument(std::string& arguments, const char* name, int64_t value) {
    arguments.append(arguments.empty() ? "\"" : ",\"").append(name).append("\":").append(std::to_string(value));
}

void addArgument(std::string& arguments, const char* name, std::string_view text) {
    arguments.append(arguments.empty() ? "\"" : ",\"").append(name).append("\":");
    addQuoted(arguments, text);
}

/// Whatever the locale: a decimal comma is no JSON.
std::string microseconds(double seconds) {
    std::array<char, 48> text{};
    const auto end = std::to_chars(text.begin(), text.end(), seconds * 1e6, std::chars_format::fixed, 3);
    return std::string(text.data(), end.ptr);
}

/// An event with a duration, as one JSON object.
std::string eventText(int process, int track, std::string_view name, const char* category, double start, double end,
                      const std::string& arguments) {
    std::string text = "{\"name\":";
    addQuoted(text, name);
    text.append(",\"cat\":\"").append(category).append("\",\"ph\":\"X\",\"ts\":").append(microseconds(start));
    text.append(",\"dur\":")
        .append(microseconds(std::max(0.0, end - start)))
        .append(",\"pid\":")
        .append(std::to_string(process));
    return text.append(",\"tid\":").append(std::to_string(track)).append(",\"args\":{").append(arguments).append("}}");
}

std::string nameArgument(std::string_view name) {
    std::string arguments;
    addArgument(arguments, "name", name);
    return arguments;
}

std::string metadataText(const char* name, int process, int track, const std::string& arguments) {
    std::string text = "{\"name\":\"";
    text.append(name)
        .append("\",\"ph\":\"M\",\"pid\":")
        .append(std::to_string(process))
        .append(",\"tid\":")
        .append(std::to_string(track));
    return text.append(",\"args\":{").append(arguments).append("}}");
}

}  // namespace

Result<std::unique_ptr<TraceWriter>> TraceWriter::create(FileSystem& files, const TraceRequest& request, Clock& clock) {
    GSST_ASSIGN(auto file, TraceFile::create(files, request.file, clock));
    return std::unique_ptr<TraceWriter>(new TraceWriter(std::move(file), std::max<int64_t>(1, request.steps), clock));
}

TraceWriter::TraceWriter(std::unique_ptr<TraceFile> file, int64_t steps, const Clock& clock)
    : m_file(std::move(file)), m_steps(steps), m_clock(clock) {
    nameProcess(kMeasured, "measured");
    nameProcess(kSimulated, "simulated");
    for (int process : {kMeasured, kSimulated}) {
        nameTrack({process, kSteps}, "steps");
        nameTrack({process, kCompute}, "compute");
        nameTrack({process, kWaits}, "waits of compute");
        nameTrack({process, kFirstRead}, "disk read");
        nameTrack({process, kFirstWrite}, "disk write");
    }
}

TraceWriter::~TraceWriter() {
    close();
}

void TraceWriter::nameProcess(int process, const char* name) {
    m_file->add(metadataText("process_name", process, 0, nameArgument(name)));
    m_file->add(metadataText("process_sort_index", process, 0, "\"sort_index\":" + std::to_string(process)));
}

/// The first time it is met.
void TraceWriter::nameTrack(Track track, const std::string& name) {
    if (!m_named.insert({track.process, track.number}).second)
        return;
    m_file->add(metadataText("thread_name", track.process, track.number, nameArgument(name)));
    m_file->add(metadataText("thread_sort_index", track.process, track.number,
                             "\"sort_index\":" + std::to_string(track.number)));
}

TraceWriter::OpText TraceWriter::textOf(const Op& op) {
    return {op.kind, op.slice, op.unit, op.microBatch, op.ioBytes, op.copyBytes, op.linkBytes, op.flops};
}

TraceWriter::OpText TraceWriter::textOf(const ListedOp& op) {
    return {op.kind, op.slice, op.unit, op.microBatch, op.ioBytes, op.copyBytes, op.linkBytes, op.flops};
}

/// Its number, and in words what the op is about: the unit, or if that is none the whole slice.
void TraceWriter::addSlice(std::string& arguments, int slice, int unit) const {
    if (slice >= 0)
        addArgument(arguments, "slice", countedFromOne(slice));
    if (unit >= 0 && size_t(unit) < m_expected.units.size())
        addArgument(arguments, "part", m_expected.units[size_t(unit)].name);
    else if (slice >= 0 && size_t(slice) < m_expected.slices.size())
        addArgument(arguments, "part", m_expected.slices[size_t(slice)]);
}

std::string TraceWriter::argumentsOf(const OpText& op) const {
    std::string arguments;
    addSlice(arguments, op.slice, op.unit);
    if (op.microBatch >= 0)
        addArgument(arguments, "micro-batch", countedFromOne(op.microBatch));
    if (op.ioBytes > 0)
        addArgument(arguments, "disk bytes", op.ioBytes);
    if (op.copyBytes > 0)
        addArgument(arguments, "memory bytes", op.copyBytes);
    if (op.linkBytes > 0)
        addArgument(arguments, "link bytes", op.linkBytes);
    if (op.flops > 0)
        addArgument(arguments, "FLOPs", int64_t(op.flops));
    return arguments;
}

/// The first row of the lane that no running op is in.
int TraceWriter::freeRow(Lane lane) const {
    int row = 0;
    const auto taken = [&](const Running& running) { return laneOf(running.text.kind) == lane && running.row == row; };
    while (std::any_of(m_running.begin(), m_running.end(), taken))
        ++row;
    return row;
}

void TraceWriter::opStarted(const Op& op, const ProgramPass&) {
    if (!m_open)
        return;
    const std::lock_guard lock(m_mutex);
    const Lane lane = laneOf(op.kind);
    m_running.push_back({&op, textOf(op), m_clock.seconds(), lane == Lane::Compute ? 0 : freeRow(lane)});
}

void TraceWriter::opDone(const Op& op, const ProgramPass&) {
    if (!m_open)
        return;
    const std::lock_guard lock(m_mutex);
    // The same op may be on its way for two steps: the older one is done first.
    const auto running =
        std::find_if(m_running.begin(), m_running.end(), [&op](const Running& one) { return one.op == &op; });
    if (running == m_running.end())
        return;
    addOp(*running, m_clock.seconds(), true);
    m_running.erase(running);
}

/// With the lock held.
void TraceWriter::addOp(const Running& running, double end, bool finished) {
    const Track track{kMeasured, trackOf(laneOf(running.text.kind), running.row)};
    const char* lane = laneName(laneOf(running.text.kind));
    nameTrack(track, lane);
    std::string arguments = argumentsOf(running.text);
    if (!finished)
        addArgument(arguments, "unfinished", 1);
    m_file->add(eventText(track.process, track.number, nameOf(running.text.kind), lane, running.start, end, arguments));
}

void TraceWriter::waited(const Op& op, WaitCause cause, double seconds) {
    if (!m_open)
        return;
    const double now = m_clock.seconds();
    std::string arguments;
    addArgument(arguments, "before", std::string_view(nameOf(op.kind)));
    addSlice(arguments, op.slice, op.unit);
    m_file->add(eventText(kMeasured, kWaits, waitName(cause), "wait", now - seconds, now, arguments));
}

void TraceWriter::stepStarted(int64_t step) {
    m_step = step;
    m_stepStart = m_clock.seconds();
}

void TraceWriter::stepDone() {
    if (m_closed)
        return;
    m_file->add(
        eventText(kMeasured, kSteps, "step " + std::to_string(m_step), "step", m_stepStart, m_clock.seconds(), ""));
    ++m_stepsDone;
    if (m_stepsDone == 2)
        addSimulated();
    if (m_stepsDone >= m_steps || m_file->failed())
        close();
}

/// Beside the measured step that began last.
void TraceWriter::addSimulated() {
    if (std::exchange(m_simulatedAdded, true) || m_expected.ops.empty())
        return;
    double begin = m_stepStart;
    for (const ListedOp& op : m_expected.ops)
        begin = std::max(begin, -op.start);  // nothing happens before the trace began
    m_file->addPatiently(
        eventText(kSimulated, kSteps, "step, " + m_expected.updateRule, "step", begin, begin + m_expected.seconds, ""));
    for (const ListedOp& op : m_expected.ops) {
        const double start = begin + op.start;
        const OpText text = textOf(op);
        double end = start;
        for (const auto& [name, seconds] : {std::pair(kWaitForWrite, op.writeWait),
                                            std::pair(kWaitForLink, op.linkWait), std::pair(kWaitForRead, op.readWait)})
            if (seconds > 0) {
                m_file->addPatiently(eventText(kSimulated, kWaits, name, "wait", end - seconds, end, ""));
                end -= seconds;
            }
        const int track = trackOf(laneOf(text.kind), 0);
        {
            const std::lock_guard lock(m_mutex);
            nameTrack({kSimulated, track}, laneName(laneOf(text.kind)));
        }
        m_file->addPatiently(eventText(kSimulated, track, nameOf(text.kind), laneName(laneOf(text.kind)), start,
                                       start + op.seconds, argumentsOf(text)));
    }
}

void TraceWriter::close() {
    if (std::exchange(m_closed, true))
        return;
    m_open = false;
    {
        const std::lock_guard lock(m_mutex);
        for (const Running& running : m_running)
            addOp(running, m_clock.seconds(), false);
        m_running.clear();
    }
    if (m_stepsDone > 0)
        addSimulated();
    const Status status = m_file->finish();
    const std::string path = m_file->path().string();
    const std::string steps = std::to_string(m_stepsDone) + (m_stepsDone == 1 ? " step" : " steps");
    if (!status.ok())
        m_notice = LogLine{LogLine::Level::Warning, "The trace ended early, the run goes on. " + status.error().text()};
    else if (m_stepsDone == 0)
        return;
    else if (m_file->leftOut() > 0)
        m_notice = LogLine{LogLine::Level::Warning, "The trace of " + steps + " is in " + path + "; " +
                                                        formatCount(uint64_t(m_file->leftOut())) +
                                                        " events are missing, because the drive did not keep up"};
    else
        m_notice = LogLine{LogLine::Level::Info,
                           "The trace of " + steps + " is in " + path + "; look at it in ui.perfetto.dev"};
}

std::optional<LogLine> TraceWriter::takeNotice() {
    return std::exchange(m_notice, std::nullopt);
}

}  // namespace gsst
