// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/run_spec.h"

#include <cstdint>

namespace gsst::test {

/// The sizes of a model, as ModelSpec has them.
struct ModelSize {
    int64_t layers = 1;
    int64_t width = 64;
    int64_t heads = 2;
    int64_t ffnWidth = 128;
    int64_t vocabulary = 256;
    int64_t context = 64;
    int64_t kvHeads = 0;   ///< 0: as many as heads
    int64_t headSize = 0;  ///< 0: width / heads
};

/// With the other fields as they are by default; so the head is tied.
inline ModelSpec modelOf(Family family, const ModelSize& size) {
    ModelSpec model;
    model.family = family;
    model.layers = size.layers;
    model.width = size.width;
    model.heads = size.heads;
    model.kvHeads = size.kvHeads > 0 ? size.kvHeads : size.heads;
    model.ownHeadSize = size.headSize;
    model.ffnWidth = size.ffnWidth;
    model.vocabulary = size.vocabulary;
    model.context = size.context;
    return model;
}

inline ModelSpec withHead(ModelSpec model, bool tied) {
    model.tiedHead = tied;
    return model;
}

inline ModelSpec llama7b() {
    return withHead(
        modelOf(Family::Llama,
                {.layers = 32, .width = 4096, .heads = 32, .ffnWidth = 11008, .vocabulary = 32000, .context = 4096}),
        false);
}

/// A recipe that is worth planning: bf16, a model of 25 M parameters, long sequences.
inline RunSpec plannedRecipe() {
    RunSpec run;
    run.model = modelOf(Family::Llama,
                        {.layers = 8, .width = 512, .heads = 8, .ffnWidth = 1536, .vocabulary = 8000, .context = 512});
    run.training.sequenceLength = 512;
    run.training.sequencesPerStep = 8;
    run.training.microBatch = 4;
    run.training.precision = Precision::Bf16;
    return run;
}

}  // namespace gsst::test
