// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/compute_backend.h"
#include "bench/bench_contender.h"
#include "machine/machine.h"

#include <algorithm>
#include <deque>

namespace gsst {
namespace {

/// The design's arithmetic for an untied model with all of its state on disk.
void fillTheory(BenchResult& result, const CompiledPlan& plan) {
    const TrainSpec& training = plan.training();
    const StateFormat& format = plan.format();
    const bool stored = plan.gradientFileBytes() > 0;
    const bool early = plan.plan().rule != UpdateRule::Deferred;
    const double weights = format.weightsNeed(StateKind::Lo, training.precision) ? 4 : 2;
    // What the weights on the device do not tell, an update in the backward sweep reads once more.
    const double untold = early && !format.weightsTell(StateKind::Hi, training.precision) ? weights : 0;
    const double gradient = stored ? double(format.gradientBytes()) : 0;
    // The update reads the whole state, and the sweep without it the weights once more.
    result.theoryReadBytesPerParameter = format.bytesPerParameter() + weights + untold + (early ? 0 : gradient);
    result.theoryWrittenBytesPerParameter = format.bytesPerParameter() + gradient;
}

/// No step can be faster than its arithmetic, nor than its bytes through the drive, whose time reads and writes share.
void fillRoofline(BenchVariant& variant, const HardwareProfile& hardware) {
    variant.diskSeconds =
        variant.readBytes / hardware.readBytesPerSecond + variant.writtenBytes / hardware.writeBytesPerSecond;
    variant.rooflineSeconds = std::max(variant.computeSeconds, variant.diskSeconds);
}

}  // namespace

Result<BenchResult> runBench(const BenchOptions& asked, const ProgressCallback& progress, std::stop_token stop) {
    BenchOptions options = asked;
    GSST_ASSIGN(const auto backend, createBackend(options.device));
    resolveProducts(osFileSystem(), *backend, options.spec.training);
    const EventSink sink = [&progress](const Event& event) {
        if (const auto* preparing = std::get_if<Progress>(&event); preparing && progress)
            progress(*preparing);
    };
    std::deque<BenchContender> contenders;
    for (const BenchWay way : options.ways) {
        GSST_TRY(contenders.emplace_back(way).prepare(options, sink, stop));
    }
    for (int round = 0; round < options.rounds; ++round) {
        if (progress)
            progress({"Measuring", uint64_t(round), uint64_t(options.rounds), "rounds"});
        // The order alternates too: whoever comes second inherits a warmer machine.
        for (size_t place = 0; place < contenders.size(); ++place)
            GSST_TRY(contenders[round % 2 == 0 ? place : contenders.size() - 1 - place].measure(options.steps, stop));
    }
    BenchResult result;
    for (const BenchContender& contender : contenders) {
        BenchVariant& variant = result.variants.emplace_back(contender.result());
        fillRoofline(variant, contender.run().planned.hardware);
        if (variant.way == BenchWay::Disk)
            fillTheory(result, contender.plan());
    }
    result.parameters = contenders.front().run().table->parameters();
    result.tokensPerStep = options.spec.training.tokensPerStep();
    return result;
}

}  // namespace gsst
