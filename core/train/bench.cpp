// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/run_tools.h"

#include "train/open_run.h"
#include "train/trainer.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace gsst {
namespace {

double median(std::vector<double> values) {
    if (values.empty())
        return 0;
    std::sort(values.begin(), values.end());
    const size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : 0.5 * (values[middle - 1] + values[middle]);
}

/// One way to run the same recipe, with its run folder, for as long as the benchmark lasts.
class Contender {
public:
    Contender(std::string name, ResidencyChoice residency) : m_name(std::move(name)), m_residency(residency) {}
    ~Contender() {
        m_trainer.reset();
        m_run.reset();
        std::error_code ignored;
        if (!m_folder.empty())
            std::filesystem::remove_all(m_folder, ignored);
    }
    Contender(const Contender&) = delete;
    Contender& operator=(const Contender&) = delete;

    Status prepare(const BenchOptions& options, const EventSink& sink, const std::stop_token& stop) {
        FileSystem& files = osFileSystem();
        RunRequest request;
        request.spec = options.spec;
        request.spec.budget.residency = m_residency;
        request.spec.training.steps = std::max<int64_t>(request.spec.training.steps, 100000);
        request.sampleText = true;
        request.runFolder = options.folder / ("gsst-bench-" + m_name);
        if (files.exists(request.runFolder / "run.json"))
            return Error{ErrorCode::InvalidInput, "The benchmark's folder is left from an earlier one", request.runFolder.string(),
                         "a run is in it", "Remove it, or name another --folder"};
        m_folder = request.runFolder;
        GSST_ASSIGN(m_run, prepareNewRun(files, request, sink, stop));
        TrainerParts parts;
        parts.files = &files;
        parts.folder = m_run->folder;
        parts.spec = m_run->record.spec;
        parts.plan = m_run->plan;
        parts.tokens = m_run->tokens.get();
        GSST_ASSIGN(m_trainer, Trainer::open(parts, *m_run->table, {}, stop));
        return {};
    }

    /// One step to warm up, then `steps` that count.
    Status measure(int steps, const std::stop_token& stop) {
        for (int i = 0; i <= steps; ++i) {
            GSST_ASSIGN(const StepResult result, m_trainer->runStep(i < steps, stop));
            if (i == 0)
                continue;
            m_seconds.push_back(result.seconds);
            m_readWait.push_back(result.waits.read);
            m_writeWait.push_back(result.waits.write);
            m_readBytes.push_back(double(result.readBytes));
            m_writtenBytes.push_back(double(result.writtenBytes));
            m_devicePeak = std::max(m_devicePeak, result.devicePeak);
            m_compute.push_back(result.compute);
            m_clipped += result.clipFactor < 1.0f ? 1 : 0;
        }
        return m_trainer->quiesce();
    }

    BenchVariant result() const {
        const double parameters = double(m_run->table->parameters());
        BenchVariant variant;
        variant.name = m_name;
        variant.secondsPerStep = m_seconds;
        variant.median = median(m_seconds);
        variant.readWait = median(m_readWait);
        variant.writeWait = median(m_writeWait);
        variant.readBytesPerParameter = median(m_readBytes) / parameters;
        variant.writtenBytesPerParameter = median(m_writtenBytes) / parameters;
        variant.computeSeconds = medianOf([](const ComputeTimes& times) { return times.total(); });
        for (size_t kind = 0; kind < kOpKinds; ++kind)
            if (const double seconds = medianOf([kind](const ComputeTimes& times) { return times.byKind[kind]; }); seconds > 0)
                variant.computeByKind.emplace_back(nameOf(OpKind(kind)), seconds);
        variant.clippedShare = m_seconds.empty() ? 0 : double(m_clipped) / double(m_seconds.size());
        variant.predictedSeconds = m_run->plan.step.seconds;
        variant.devicePeak = m_devicePeak;
        variant.predictedDevicePeak = m_run->plan.devicePeak;
        return variant;
    }

    const OpenRun& run() const { return *m_run; }

private:
    template <typename Seconds>
    double medianOf(const Seconds& seconds) const {
        std::vector<double> values;
        for (const ComputeTimes& times : m_compute)
            values.push_back(seconds(times));
        return median(std::move(values));
    }

    std::string m_name;
    ResidencyChoice m_residency;
    std::filesystem::path m_folder;
    std::unique_ptr<OpenRun> m_run;
    std::unique_ptr<Trainer> m_trainer;
    std::vector<double> m_seconds;
    std::vector<double> m_readWait;
    std::vector<double> m_writeWait;
    std::vector<ComputeTimes> m_compute;
    std::vector<double> m_readBytes;
    int64_t m_clipped = 0;
    std::vector<double> m_writtenBytes;
    int64_t m_devicePeak = 0;
};

}  // namespace

Result<BenchResult> runBench(const BenchOptions& options, const ProgressCallback& progress, std::stop_token stop) {
    const EventSink sink = [&progress](const Event& event) {
        if (const auto* preparing = std::get_if<Progress>(&event); preparing && progress)
            progress(*preparing);
    };
    Contender resident("resident", ResidencyChoice::Resident);
    Contender streamed("streamed", ResidencyChoice::Disk);
    GSST_TRY(resident.prepare(options, sink, stop));
    GSST_TRY(streamed.prepare(options, sink, stop));
    for (int round = 0; round < options.rounds; ++round) {
        if (progress)
            progress({"Measuring", uint64_t(round), uint64_t(options.rounds), "rounds"});
        // The order alternates too: whoever comes second inherits a warmer machine.
        Contender& first = round % 2 == 0 ? resident : streamed;
        Contender& second = round % 2 == 0 ? streamed : resident;
        GSST_TRY(first.measure(options.steps, stop));
        GSST_TRY(second.measure(options.steps, stop));
    }
    BenchResult result;
    result.variants = {resident.result(), streamed.result()};
    result.ratio = result.variants[1].median / std::max(1e-9, result.variants[0].median);
    const OpenRun& run = streamed.run();
    const TrainSpec& training = options.spec.training;
    const StateFormat format(*run.table, training.state);
    const bool stored = gradientFileBytes(*run.table, training, run.plan) > 0;
    const bool early = run.plan.rule != UpdateRule::Deferred;
    const int64_t weights = training.precision == Precision::Fp32 && format.has(StateKind::Lo) ? 4 : 2;
    result.updateRule = nameOf(run.plan.rule);
    // The update reads the whole state, and the sweep without it the weights once more.
    const double state = format.bytesPerParameter();
    const double gradient = stored ? double(format.gradientBytes()) : 0;
    result.theoryReadBytesPerParameter = state + double(weights) + (early ? 0 : gradient);
    result.theoryWrittenBytesPerParameter = state + gradient;
    result.parameters = streamed.run().table->parameters();
    result.tokensPerStep = training.tokensPerStep();
    return result;
}

}  // namespace gsst
