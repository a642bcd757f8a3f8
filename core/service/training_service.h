// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/device_id.h"
#include "base/result.h"
#include "service/computer_report.h"
#include "service/event_queue.h"
#include "service/events.h"
#include "service/plan_explanation.h"
#include "spec/run_spec.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace gsst {

/// A trace of what happens in a run's steps, for ui.perfetto.dev.
struct TraceRequest {
    std::filesystem::path file;  ///< empty = no trace
    int64_t steps = 10;          ///< it ends after so many
};

/// Everything needed to start a new run.
struct RunRequest {
    RunSpec spec;
    std::vector<std::filesystem::path> text;  ///< files and folders; empty with sampleText
    bool sampleText = false;                  ///< train on the generated stories
    std::filesystem::path runFolder;          ///< must not hold a run yet
    DeviceId device = {};
    TraceRequest trace = {};
    double driveBytesPerSecond =
        0;  ///< the plan counts on no more of the drive, reads and writes each; 0 = on what it can do
};

/// Everything needed to go on with a run.
struct ResumeRequest {
    std::filesystem::path folder;
    int64_t steps = 0;  ///< 0 = the run's own number
    TraceRequest trace = {};
    bool rollBack = false;   ///< first go back to the commit before the newest one
    bool reshuffle = false;  ///< first bring the text into another order, for this run from here on
    std::optional<int64_t> evaluateSequences =
        {};  ///< of an evaluation from here on, see TrainSpec; none = the run's own number
};

/// A run that goes on: events out, commands in. Destroying it pauses the run and joins its thread.
class RunSession {
public:
    virtual ~RunSession() = default;
    virtual EventQueue& events() = 0;
    virtual void send(Command command) = 0;  ///< any thread; returns at once
    virtual bool finished() const = 0;       ///< the worker's thread has nothing more to do
};

/// One text file as the wizard lists it.
struct TextFileInfo {
    std::filesystem::path path;
    uint64_t bytes = 0;
    std::string problem;  ///< empty = usable, else why not
};

struct TextSummary {
    std::vector<TextFileInfo> files;
    uint64_t usableBytes = 0;
    uint64_t invalidUtf8Bytes = 0;
    std::string preview;  ///< first few hundred characters
    int64_t suggestedVocabulary = 0;
};

/// The kinds and tiers of the "where everything lives" table.
enum class MemoryKind { Weights, Gradients, Optimizer, Activations, Staging };
enum class MemoryTier { Device, Ram, Disk };

/// A plan in the units people read; computed without touching the disk. Fast (under 100 ms): for sliders.
struct PlanPreview {
    bool fits = false;
    std::string problem;              ///< why not, if it does not fit
    int64_t smallestDeviceBytes = 0;  ///< the least device limit that would do
    bool streamed = false;
    int slices = 0;
    int64_t parameters = 0;
    std::array<std::array<int64_t, 3>, 5> bytes{};  ///< [MemoryKind][MemoryTier]
    int64_t devicePeakBytes = 0;
    int64_t ramPeakBytes = 0;
    int64_t diskBytes = 0;
    int64_t readBytesPerStep = 0;
    int64_t writtenBytesPerStep = 0;
    double secondsPerStep = 0;
    double tokensPerSecond = 0;
    double totalSeconds = 0;
    double driveReadRate = 0;  ///< bytes a second that the times stand on
    double driveWriteRate = 0;
    bool driveMeasured = false;  ///< else the two are assumed
    bool usesDrive() const { return readBytesPerStep + writtenBytesPerStep > 0; }
    Bottleneck bottleneck{};
    std::string
        updateRule;  ///< when slices are updated: "deferred", "speculative" ...; "in place" with all state in RAM
};

/// A plan, and why it is as it is.
struct ExplainedPlan {
    PlanPreview preview;
    PlanExplanation explanation;
};

/// A run folder as the start page lists it.
struct RunInfo {
    std::filesystem::path folder;
    std::string name;
    std::string title;  ///< "Sample stories · 3 M parameters"
    int64_t step = 0;   ///< committed
    int64_t steps = 0;
    double lastLoss = 0;             ///< 0 = none yet
    std::vector<float> lossHistory;  ///< at most 64 points, for the sparkline
    uint64_t bytesOnDisk = 0;
    int64_t lastChange = 0;  ///< seconds since 1970
    bool inUse = false;      ///< another session holds its lock
    std::string problem;     ///< empty = can be resumed
};

/// The preset that the arithmetic is measured with where no other is named.
inline constexpr const char* kUsualRecipe = "gpt2-124m";

/// What to measure of this computer.
struct ComputerQuestion {
    std::filesystem::path folder;        ///< whose drive; must exist
    bool quick = true;                   ///< a short look at the drive: seconds, 0.3 GB written; else a minute and 6 GB
    std::optional<RunSpec> recipe = {};  ///< to measure the arithmetic with; none = kUsualRecipe
    DeviceId device = {};                ///< to measure the arithmetic on
};

/// A run that does not exist yet, to be planned.
struct PlanQuestion {
    RunSpec spec;
    std::filesystem::path folder = {};  ///< where it would be: its drive counts. It need not exist; empty = here
    DeviceId device = {};
};

/// The one door from ui and app into the core; torch-free. createTrainingService() gives the real one, tests a fake.
/// All calls but startRun/resumeRun may block for their work: call them off the UI thread. Thread-safe.
class TrainingService {
public:
    virtual ~TrainingService() = default;
    virtual Result<std::vector<RunSpec>> presets() = 0;
    virtual Result<TextSummary> summarizeText(const std::vector<std::filesystem::path>& text,
                                              const std::function<void(const Progress&)>& progress,
                                              std::stop_token stop) = 0;
    virtual Result<PlanPreview> previewPlan(const PlanQuestion& question) = 0;
    /// The plan and why it is as it is; not for sliders, it plans many times. OverBudget or NoSpace if there is none.
    virtual Result<ExplainedPlan> explainPlan(const PlanQuestion& question) = 0;
    /// The plan's step program with its simulated times. OverBudget or NoSpace if there is no plan.
    virtual Result<StepListing> listStep(const PlanQuestion& question) = 0;
    virtual Result<std::vector<RunInfo>> listRuns(const std::filesystem::path& runsFolder) = 0;
    /// What measureComputer() found last, in this program or another of this user; none if it was never asked.
    virtual std::optional<ComputerReport> lastComputerReport() = 0;
    /// Measures arithmetic, memory and drive; plans use the figures from then on. Busy while a run computes, whose work
    /// would spoil the figures. Cancelled within about two seconds of `stop`.
    virtual Result<ComputerReport> measureComputer(const ComputerQuestion& question,
                                                   const std::function<void(const Progress&)>& progress,
                                                   std::stop_token stop) = 0;
    /// Returns at once; everything else (text, tokenizer, plan, training) happens on the session's thread and shows in
    /// its events. `wake` is EventQueue's wake-up. A trace that cannot be written is an error at once.
    virtual Result<std::unique_ptr<RunSession>> startRun(RunRequest request, std::function<void()> wake) = 0;
    virtual Result<std::unique_ptr<RunSession>> resumeRun(ResumeRequest request, std::function<void()> wake) = 0;
};

}  // namespace gsst
