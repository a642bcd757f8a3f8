// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "device/host_pool.h"
#include "device/staging_ring.h"
#include "engine/engine_parts.h"
#include "engine/host_state.h"
#include "io/file.h"
#include "plan/compiled_plan.h"

#include <cstdint>
#include <filesystem>
#include <memory>

namespace gsst {

/// Where an engine's work files are. Their folder exists; what was in them is of no use.
struct WorkFilePaths {
    std::filesystem::path gradients;
    std::filesystem::path tiedGradients;
    std::filesystem::path boundaries;
};

/// What a plan takes of RAM and of the drive for as long as it runs, besides the state on disk: the staging ring, the
/// copies of state and gradients in RAM, and the work files. It must outlive the engine, and the engine's I/O.
class EngineWorkspace {
public:
    /// `plan`, with its table, and `ram`, which counts the copies, must outlive it. OutOfMemory, or an error of the
    /// drive.
    static Result<std::unique_ptr<EngineWorkspace>> create(FileSystem& files, const WorkFilePaths& paths,
                                                           const CompiledPlan& plan, HostPool& ram);

    StagingRing& ring() { return *m_ring; }
    /// The parts of an engine that follow from the plan and are here. The caller adds what it computes with: device,
    /// mathematics, I/O, store, collective and observer.
    EngineParts parts();

private:
    EngineWorkspace(const CompiledPlan& plan, HostPool& ram) : m_plan(plan), m_ram(ram) {}

    const CompiledPlan& m_plan;
    HostPool& m_ram;
    std::unique_ptr<StagingRing> m_ring;
    std::unique_ptr<HostState> m_host;
    std::unique_ptr<File> m_gradients;  ///< each null if the plan has none on disk
    std::unique_ptr<File> m_tiedGradients;
    std::unique_ptr<File> m_boundaries;
};

}  // namespace gsst
