// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/engine_workspace.h"

namespace gsst {
namespace {

/// Nothing for 0 bytes.
Result<std::unique_ptr<File>> workFile(FileSystem& files, const std::filesystem::path& path, int64_t bytes) {
    if (bytes == 0)
        return std::unique_ptr<File>();
    GSST_ASSIGN(auto file, files.open(path, OpenMode::Create, Caching::Direct));
    GSST_TRY(file->reserve(uint64_t(bytes)));
    return file;
}

}  // namespace

Result<std::unique_ptr<EngineWorkspace>> EngineWorkspace::create(FileSystem& files, const WorkFilePaths& paths,
                                                                 const CompiledPlan& plan, HostPool& ram) {
    std::unique_ptr<EngineWorkspace> space(new EngineWorkspace(plan, ram));
    GSST_ASSIGN(space->m_gradients, workFile(files, paths.gradients, plan.gradientFileBytes()));
    GSST_ASSIGN(space->m_tiedGradients, workFile(files, paths.tiedGradients, plan.tiedGradientFileBytes()));
    GSST_ASSIGN(space->m_boundaries, workFile(files, paths.boundaries, plan.boundaryFileBytes()));
    GSST_ASSIGN(space->m_host,
                HostState::create(plan.table(), plan.format(), plan.slices(), plan.plan().placement, ram));
    GSST_ASSIGN(space->m_ring, StagingRing::create(size_t(plan.plan().ringBytes)));
    return space;
}

EngineParts EngineWorkspace::parts() {
    EngineParts parts;
    parts.table = &m_plan.table();
    parts.slices = m_plan.slices();
    parts.precision = m_plan.training().precision;
    parts.ram = &m_ram;
    parts.ring = m_ring.get();
    parts.host = m_host.get();
    parts.gradients = m_gradients.get();
    parts.shares = m_tiedGradients.get();
    parts.boundaries = m_boundaries.get();
    return parts;
}

}  // namespace gsst
