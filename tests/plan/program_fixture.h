// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/program/dependencies.h"
#include "plan/program/memory_peak.h"
#include "plan/program/program_builder.h"
#include "plan/simulation.h"
#include "spec/cost.h"
#include "tests/support/models.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

namespace gsst::test {

inline ModelSpec model(bool tied) {
    return withHead(
        modelOf(Family::Gpt2,
                {.layers = 3, .width = 128, .heads = 4, .ffnWidth = 512, .vocabulary = 2000, .context = 32}),
        tied);
}

inline TrainSpec training(Precision precision) {
    TrainSpec spec;
    spec.sequenceLength = 32;
    spec.sequencesPerStep = 6;
    spec.microBatch = 2;
    spec.precision = precision;
    spec.vocabularyChunk = 512;
    return spec;
}

inline constexpr ProgramVariant kPlain{ProgramKind::Step, false, BackwardUpdate::None};
inline constexpr ProgramVariant kUpdating{ProgramKind::Step, true, BackwardUpdate::None};
inline constexpr ProgramVariant kWriteOut{ProgramKind::WriteOut, false, BackwardUpdate::None};

inline const ProgramVariant kVariants[] = {kPlain,
                                           kUpdating,
                                           {ProgramKind::Step, false, BackwardUpdate::Speculative},
                                           {ProgramKind::Step, true, BackwardUpdate::Insured},
                                           {ProgramKind::UpdateOnly, false, BackwardUpdate::None},
                                           {ProgramKind::Evaluate, false, BackwardUpdate::None}};

inline Placement onDisk(int64_t chunkElements) {
    Placement placement = streamedPlacement();
    placement.chunkElements = chunkElements;
    return placement;
}

inline std::vector<Placement> placements() {
    std::vector<Placement> all;
    for (const Placement& base : {streamedPlacement(), residentPlacement()})
        for (Tier boundaries : {Tier::Device, Tier::Ram, Tier::Disk})
            for (int units : {1, 2, 6})
                for (int64_t chunk : {int64_t(4096), int64_t(4) << 20}) {
                    Placement placement = base;
                    placement.boundaries = boundaries;
                    placement.unitsPerSlice = units;
                    placement.chunkElements = chunk;
                    all.push_back(placement);
                    placement.vocabularyRows = 1024;
                    placement.tiedGradients = units == 1 ? Tier::Disk : Tier::Ram;
                    all.push_back(placement);
                }
    return all;
}

}  // namespace gsst::test
