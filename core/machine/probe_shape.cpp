// SPDX-License-Identifier: GPL-3.0-or-later
#include "machine/probe_shape.h"

#include "spec/cost.h"
#include "spec/state_format.h"

#include <algorithm>
#include <iterator>
#include <thread>

namespace gsst {
namespace {

/// The narrower, the closer: what a layer of 256 does in a second is 15 % more than one of 192 does.
constexpr int64_t kWidths[] = {64,  96,  128, 160, 192,  224,  256,  320,  384, 448,
                               512, 640, 768, 896, 1024, 1280, 1536, 1792, 2048};
constexpr int64_t kMostTokens = 1024;
constexpr int64_t kMostTokensWide = 512;  ///< of widths over kWide, whose layers take seconds otherwise
constexpr int64_t kWide = 1024;
constexpr int64_t kMostRows = 8192;
constexpr int64_t kMostLayers = 16;

/// The smallest of the widths that is not below, or the largest.
int64_t widthFor(int64_t width) {
    const auto* found = std::lower_bound(std::begin(kWidths), std::end(kWidths), width);
    return found == std::end(kWidths) ? *std::prev(found) : *found;
}

int64_t scaled(int64_t value, int64_t to, int64_t from, int64_t multiple) {
    return std::max(multiple, value * to / from / multiple * multiple);
}

}  // namespace

std::string ProbeShape::key() const {
    std::string text = infoOf(model.family).word;
    for (const int64_t number : {model.layers, model.width, model.heads, model.kvHeads, model.ffnWidth,
                                 model.vocabulary, training.sequenceLength, training.microBatch,
                                 training.headTokenChunk, int64_t(model.tiedHead), training.threads})
        text.append("-").append(std::to_string(number));
    if (model.ownHeadSize > 0)
        text.append("-heads-of-").append(std::to_string(model.ownHeadSize));
    if (model.window > 0)
        text.append("-window-").append(std::to_string(model.window));
    // What fp16 does goes without saying.
    const bool widened = training.precision == Precision::Bf16 && productsOf(training) == Products::Upcast;
    text = text + "-" + nameOf(training.precision) + (widened ? "-widened-" : "-") + nameOf(training.state);
    // Nor does what recipes mean that name no optimizer.
    return training.optimizer == OptimizerKind::AdamW ? text : text + "-" + nameOf(training.optimizer);
}

ProbeShape probeShapeOf(const ModelSpec& model, const TrainSpec& training) {
    ProbeShape shape{model, training};
    const int64_t width = widthFor(model.width);
    const int64_t headSize = model.headSize();
    if (model.ownHeadSize > 0) {
        shape.model.width = width;
        shape.model.heads = std::max<int64_t>(1, model.heads * width / model.width);
    } else {
        shape.model.width = std::max<int64_t>(1, width / headSize) * headSize;
        shape.model.heads = shape.model.width / headSize;
    }
    shape.model.kvHeads = std::clamp<int64_t>(shape.model.heads * model.kvHeads / model.heads, 1, shape.model.heads);
    while (shape.model.heads % shape.model.kvHeads != 0)
        --shape.model.kvHeads;
    shape.model.ffnWidth = scaled(model.ffnWidth, shape.model.width, model.width, 16);
    shape.model.vocabulary = std::min(model.vocabulary, kMostRows);
    const int64_t layerElements = shape.model.width * (4 * shape.model.queryWidth() + 3 * shape.model.ffnWidth);
    const int64_t layerBytes = (computeElementBytes(training.precision) + kGradientBytes) * layerElements;
    shape.model.layers = std::clamp<int64_t>(kProbeUncachedBytes / layerBytes, 1, std::min(model.layers, kMostLayers));
    shape.training.vocabularyChunk = kMostRows;
    const int64_t mostTokens = width > kWide ? kMostTokensWide : kMostTokens;
    shape.training.sequenceLength = std::min(training.sequenceLength, mostTokens);
    shape.model.context = shape.training.sequenceLength;
    if (shape.model.window >= shape.training.sequenceLength)
        shape.model.window = 0;
    shape.training.microBatch = std::clamp<int64_t>(mostTokens / shape.training.sequenceLength, 1, training.microBatch);
    shape.training.sequencesPerStep = shape.training.microBatch;
    shape.training.headTokenChunk = std::min(training.headTokenChunk, shape.training.tokensPerMicroBatch());
    if (shape.training.threads == 0)
        shape.training.threads = std::max(1u, std::thread::hardware_concurrency());
    return shape;
}

}  // namespace gsst
