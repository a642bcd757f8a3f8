// SPDX-License-Identifier: GPL-3.0-or-later
#include "run/run_log.h"

#include "service/event_figures.h"

#include <algorithm>
#include <limits>
#include <span>
#include <string>

namespace gsst {
namespace {

std::string line(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// A line of metrics.jsonl: the event's name first, then its figures.
template <typename Event>
std::string metricsLine(const char* name, const Event& event) {
    Json json{{"event", name}};
    json.update(figuresJson(event, FigureUse::LiveOnly));
    return line(json);
}

constexpr uint64_t kLargestTail = 64u << 20;

/// What of a log belongs to a commit: its length, and whether it has a validation or a sample of the committed state.
struct Covered {
    uint64_t bytes = 0;
    bool isJudged = false;
};

/// Of a line: its step, and whether it is the step's own.
struct LineOfStep {
    int64_t step = std::numeric_limits<int64_t>::max();
    bool isStep = false;
};

LineOfStep parsed(const std::string& text) {
    const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object() || !json.contains("step") || !json["step"].is_number_integer())
        return {};
    return {json["step"].get<int64_t>(), json.contains("event") && json["event"] == "step"};
}

/// The first `committed` bytes, and the lines behind them up to the committed step: a validation or a sample of the
/// committed state comes after its commit, which therefore cannot count it. A skipped step is committed before its own
/// line is there.
Result<Covered> coveredPart(FileSystem& files, const std::filesystem::path& path, uint64_t committed, int64_t step) {
    Covered covered{committed, false};
    GSST_ASSIGN(const auto file, files.open(path, OpenMode::Read, Caching::Buffered));
    GSST_ASSIGN(const uint64_t size, file->size());
    if (size <= committed)
        return covered;
    std::string tail(size_t(std::min(size - committed, kLargestTail)), '\0');
    GSST_TRY(file->read(committed, std::as_writable_bytes(std::span(tail))));
    for (size_t start = 0, end = tail.find('\n'); end != std::string::npos;
         start = end + 1, end = tail.find('\n', start)) {
        const LineOfStep found = parsed(tail.substr(start, end - start));
        if (found.step > step)
            break;
        covered = {committed + end + 1, covered.isJudged || !found.isStep};
    }
    return covered;
}

}  // namespace

Result<std::unique_ptr<RunLog>> RunLog::open(FileSystem& files, const RunFolder& folder, const CommitRecord& record) {
    std::unique_ptr<RunLog> log(new RunLog());
    GSST_ASSIGN(log->m_metrics, JsonlLog::open(files, folder.metrics()));
    GSST_ASSIGN(log->m_samples, JsonlLog::open(files, folder.samples()));
    GSST_ASSIGN(const Covered metrics, coveredPart(files, folder.metrics(), record.metricsBytes, record.step));
    GSST_ASSIGN(const Covered samples, coveredPart(files, folder.samples(), record.samplesBytes, record.step));
    GSST_TRY(log->m_metrics->truncateTo(metrics.bytes));
    GSST_TRY(log->m_samples->truncateTo(samples.bytes));
    log->m_hasValidation = metrics.isJudged;
    log->m_hasSample = samples.isJudged;
    return log;
}

Status RunLog::add(const StepDone& step) {
    return m_metrics->append(metricsLine("step", step));
}

Status RunLog::add(const Validated& validated) {
    return m_metrics->append(metricsLine("validation", validated));
}

Status RunLog::add(const Sampled& sampled) {
    return m_samples->append(line(figuresJson(sampled, FigureUse::LiveOnly)));
}

Status RunLog::stamp(CommitRecord& record) {
    record.metricsBytes = m_metrics->length();
    record.samplesBytes = m_samples->length();
    GSST_TRY(m_metrics->flush());
    if (record.samplesBytes == m_flushedSamples)
        return {};
    GSST_TRY(m_samples->flush());
    m_flushedSamples = record.samplesBytes;
    return {};
}

}  // namespace gsst
