// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compute_ops.h"

#include "engine/state_sections.h"
#include "engine/step_verdict.h"
#include "spec/cost.h"
#include "spec/describe_unit.h"
#include "store/state_hash.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

namespace gsst {

namespace {

/// Whether host memory dies or goes on to the drive with this op, so that the device must be through with it.
bool endsHostUse(const Op& op, const ProgramRun& run) {
    const auto isHost = [&](int buffer) { return run.program->buffers[size_t(buffer)].space != Space::Device; };
    return std::any_of(op.releases.begin(), op.releases.end(), isHost) ||
           (op.kind == OpKind::StoreBoundary && run.program->buffers[size_t(op.host)].space == Space::Staging);
}

}  // namespace

ComputeOps::ComputeOps(const EngineParts& parts)
    : m_parts(parts), m_elementBytes(computeElementBytes(parts.precision)),
      m_squaredNorms(parts.table->blocks().size(), 0.0) {}

Status ComputeOps::run(const Op& op, ProgramRun& run) {
    GSST_TRY(acquire(op, run));
    Status status;
    switch (op.kind) {
    case OpKind::Update:
        status = update(op, run);
        break;
    case OpKind::Materialize:
        status = join(op, run);
        break;
    case OpKind::ZeroGradient:
        status = zero(op, run);
        break;
    case OpKind::LoadBoundary:
        status = loadActivation(op, op.input, run);
        break;
    case OpKind::LoadGradient:
        status = loadActivation(op, op.outputGradient, run);
        break;
    case OpKind::StoreBoundary:
        status = storeActivation(op, run);
        break;
    case OpKind::StoreGradient:
        status = storeGradient(op, run);
        break;
    case OpKind::StoreTiedGradient:
    case OpKind::LoadTiedGradient:
        status = moveTiedGradient(op, run);
        break;
    case OpKind::Forward:
        status = forward(op, run);
        break;
    case OpKind::HeadSums:
        status = headSums(op, run);
        break;
    case OpKind::Head:
        status = op.sums == kNoBuffer ? head(op, run) : headSlice(op, run);
        break;
    case OpKind::Backward:
        status = backward(op, run);
        break;
    case OpKind::Norms:
        status = norms(op, run);
        break;
    case OpKind::ReadState:
    case OpKind::ReadGradient:
    case OpKind::WriteState:
    case OpKind::ReadWeights:
    case OpKind::ReadBoundary:
    case OpKind::WriteBoundary:
    case OpKind::AllReduceGradient:
    case OpKind::AllGatherWeights:
    case OpKind::WriteGradient:
    case OpKind::WriteTiedGradient:
    case OpKind::ReadTiedGradient:
    case OpKind::Commit:
        break;  // ops of other lanes never come here
    }
    release(op, run);
    return status;
}

Status ComputeOps::acquire(const Op& op, ProgramRun& run) {
    for (int buffer : op.acquires) {
        const BufferInfo& info = run.program->buffers[size_t(buffer)];
        LiveBuffer& live = run.buffers[size_t(buffer)];
        live.bytes = info.bytes;
        if (info.keptFor >= 0) {
            GSST_ASSIGN(live.data, keptBuffer(info));
        } else if (info.space == Space::Device && !info.byMath) {
            GSST_ASSIGN(live.device, m_parts.device->allocate(info.bytes));
            live.data = live.device.data();
        } else if (info.space == Space::Ram) {
            GSST_ASSIGN(live.data, m_parts.ram->allocate(info.bytes));
            live.inRam = true;
        }
    }
    return {};
}

void ComputeOps::release(const Op& op, ProgramRun& run) {
    for (int buffer : op.releases) {
        LiveBuffer& live = run.buffers[size_t(buffer)];
        if (live.inRam)
            m_parts.ram->free(std::exchange(live.data, nullptr));
        if (live.device || run.program->buffers[size_t(buffer)].keptFor >= 0)
            live.data = nullptr;
        live.inRam = false;
        live.device.release();
    }
}

Status ComputeOps::onDevice(bool wait, std::function<Status()> work) {
    const DeviceEvent event = m_parts.device->run(Stream::Compute, [this, work = std::move(work)] {
        Status status = work();
        const std::lock_guard lock(m_mutex);
        if (!status.ok() && m_error.ok())
            m_error = std::move(status);
    });
    if (wait)
        m_parts.device->hostWait(event);
    const std::lock_guard lock(m_mutex);
    return std::exchange(m_error, {});
}

Status ComputeOps::finish() {
    return onDevice(true, [] { return Status(); });
}

void ComputeOps::dropKept() {
    m_parts.device->hostWait(m_parts.device->run(Stream::Compute, [this] { m_parts.math->dropKept(); }));
}

Result<std::byte*> ComputeOps::keptBuffer(const BufferInfo& info) {
    DeviceBuffer& kept = m_kept[{info.use, info.keptFor}];
    if (!kept) {
        GSST_ASSIGN(kept, m_parts.device->allocate(info.bytes));
    }
    return kept.data();
}

/// The op's chunk of a complete gradient, in staging or in RAM.
std::byte* ComputeOps::storedGradient(const Op& op, const ProgramRun& run) const {
    return op.chunkGradient != kNoBuffer ? run.data(op.chunkGradient) : m_parts.hostGradient(op);
}

BlockHooks ComputeOps::sumHooks(const Op& op, ProgramRun& run) const {
    BlockHooks hooks;
    if (!m_parts.sumsWithMath)
        return hooks;
    const auto bytesOf = [this, &op, &run](int block, StateKind kind) -> std::span<const std::byte> {
        const int64_t before = m_parts.format().bytes(op.firstBlock, block - op.firstBlock, kind);
        return {stateSection(m_parts, op, run, kind) + before, size_t(m_parts.format().bytes(block, kind))};
    };
    const int slot = run.slotOf(op.slot);
    if (op.fetched != 0)
        hooks.opening = [this, &op, slot, bytesOf](int block) -> Status {
            for (StateKind kind : m_parts.format().kinds())
                if (op.fetched & bitOf(kind))
                    GSST_TRY(m_parts.store->checkBlock(slot, block, kind, bytesOf(block, kind)));
            return {};
        };
    if (op.kind == OpKind::Update && run.program->stateOnDisk) {
        if (run.sums.empty())
            run.sums.resize(m_parts.table->blocks().size());
        hooks.closing = [this, &run, bytesOf](int block) {
            for (StateKind kind : m_parts.format().kinds())
                run.sums[size_t(block)][size_t(kind)] = stateSum(bytesOf(block, kind));
        };
    }
    return hooks;
}

Status ComputeOps::update(const Op& op, ProgramRun& run) {
    const AppliedUpdate& applied = op.inBackward ? run.context.present : run.context.pending;
    UpdateCall call;
    call.firstBlock = op.firstBlock;
    call.blockCount = op.blockCount;
    for (StateKind kind : m_parts.format().kinds())
        call.state[kind] = stateSection(m_parts, op, run, kind);
    if (op.gradient != kNoBuffer)
        call.gradient = gradientOf(op.gradient, run) + op.targetOffset;
    else if (const std::byte* stored = storedGradient(op, run); packsGradients())
        call.packed = reinterpret_cast<const uint16_t*>(stored);
    else
        call.gradient = reinterpret_cast<const float*>(stored);
    if (op.current != kNoBuffer)
        call.current = run.data(op.current) + op.targetOffset * m_elementBytes;
    if (op.weights != kNoBuffer)
        call.weights = run.data(op.weights) + op.targetOffset * m_elementBytes;
    call.gradientScale = applied.scaleOfUnit ? applied.scaleOfUnit(op.unit) : applied.scale;
    call.step = applied.step;
    uint32_t notFinite = 0;
    call.notFinite = &notFinite;
    call.hooks = sumHooks(op, run);
    GSST_TRY(onDevice(true, [this, call] { return m_parts.math->update(call); }));
    if (notFinite == 0)
        return {};
    if (op.inBackward) {
        // The verdict on the gradient is still to come: perhaps this is its own Inf, and the slot is dropped anyway.
        run.outcome.updateFinite = false;
        return {};
    }
    return updateNotFinite(applied.step, "in the " + wordsFor(m_parts.table->units()[size_t(op.unit)]));
}

Status ComputeOps::join(const Op& op, ProgramRun& run) {
    MaterializeCall call;
    call.firstBlock = op.firstBlock;
    call.blockCount = op.blockCount;
    call.hi = reinterpret_cast<const uint16_t*>(stateSection(m_parts, op, run, StateKind::Hi));
    call.lo = op.withLo ? reinterpret_cast<const uint16_t*>(stateSection(m_parts, op, run, StateKind::Lo)) : nullptr;
    call.weights = run.data(op.weights) + op.targetOffset * m_elementBytes;
    call.hooks = sumHooks(op, run);
    return onDevice(op.state != kNoBuffer, [this, call] { return m_parts.math->join(call); });
}

Status ComputeOps::zero(const Op& op, ProgramRun& run) {
    m_parts.device->fillZero(Stream::Compute, run.data(op.gradient), op.elements * kGradientBytes);
    return {};
}

Status ComputeOps::forward(const Op& op, ProgramRun& run) {
    const ForwardCall call{op.slice,           op.microBatch,       run.data(op.weights),
                           run.data(op.input), run.data(op.output), op.kept != kNoBuffer};
    return onDevice(false, [this, call] { return m_parts.math->forward(call); });
}

Status ComputeOps::head(const Op& op, ProgramRun& run) {
    HeadCall call;
    call.microBatch = op.microBatch;
    call.weights = run.data(op.weights);
    call.tiedTable = run.data(op.table);
    call.input = run.data(op.input);
    if (!op.lossOnly) {
        call.lossScale = run.context.lossScale;
        call.inputGradient = run.data(op.inputGradient);
        call.gradient = gradientOf(op.gradient, run);
        call.tiedGradient = gradientOf(op.tableGradient, run);
    }
    return onDevice(true, [this, call, &run]() -> Status {
        GSST_ASSIGN(const LossSum loss, m_parts.math->head(call));
        run.outcome.loss += loss;
        return {};
    });
}

HeadSliceCall ComputeOps::headSliceCall(const Op& op, ProgramRun& run) const {
    HeadSliceCall call;
    call.slice = op.slice;
    call.microBatch = op.microBatch;
    call.norm = run.data(op.weights);
    call.rows = run.data(op.table);
    call.input = run.data(op.input);
    call.sums = run.data(op.sums);
    call.inputGradient = run.data(op.inputGradient);
    call.normGradient = gradientOf(op.gradient, run);
    call.rowsGradient = gradientOf(op.tableGradient, run);
    call.lossScale = run.context.lossScale;
    return call;
}

Status ComputeOps::headSums(const Op& op, ProgramRun& run) {
    const HeadSliceCall call = headSliceCall(op, run);
    return onDevice(true, [this, call, &run]() -> Status {
        GSST_ASSIGN(const LossSum loss, m_parts.math->headSums(call));
        run.outcome.loss += loss;
        return {};
    });
}

Status ComputeOps::headSlice(const Op& op, ProgramRun& run) {
    const HeadSliceCall call = headSliceCall(op, run);
    return onDevice(false, [this, call] { return m_parts.math->headSlice(call); });
}

Status ComputeOps::backward(const Op& op, ProgramRun& run) {
    BackwardCall call;
    call.slice = op.slice;
    call.microBatch = op.microBatch;
    call.weights = run.data(op.weights);
    call.input = run.data(op.input);
    call.outputGradient = run.data(op.outputGradient);
    call.inputGradient = run.data(op.inputGradient);
    call.gradient = gradientOf(op.gradient, run);
    call.kept = op.kept != kNoBuffer;
    return onDevice(false, [this, call] { return m_parts.math->backward(call); });
}

Status ComputeOps::norms(const Op& op, ProgramRun& run) {
    const SliceRange& slice = m_parts.slices[size_t(op.slice)];
    for (const ChunkRange& unit : unitsOfSlice(*m_parts.table, slice)) {
        NormCall call;
        call.firstBlock = unit.firstBlock;
        call.blockCount = unit.blockCount;
        call.gradient = gradientOf(op.gradient, run) + offsetInSlice(*m_parts.table, slice, unit.unit, unit.unitOffset);
        call.squaredNorms = m_squaredNorms.data() + unit.firstBlock;
        GSST_TRY(onDevice(true, [this, call] { return m_parts.math->norms(call); }));
    }
    return {};
}

Status ComputeOps::loadActivation(const Op& op, int target, ProgramRun& run) {
    const size_t bytes = size_t(run.program->buffers[size_t(target)].bytes);
    const DeviceEvent event = m_parts.device->copyIn(Stream::Compute, run.data(target), {run.data(op.host), bytes});
    if (endsHostUse(op, run))
        m_parts.device->hostWait(event);
    return {};
}

Status ComputeOps::storeActivation(const Op& op, ProgramRun& run) {
    const size_t bytes = size_t(run.program->buffers[size_t(op.output)].bytes);
    const DeviceEvent event = m_parts.device->copyOut(Stream::Compute, {run.data(op.host), bytes}, run.data(op.output));
    if (endsHostUse(op, run))
        m_parts.device->hostWait(event);
    return {};
}

Status ComputeOps::storeGradient(const Op& op, ProgramRun& run) {
    std::byte* to = storedGradient(op, run);
    const float* from = gradientOf(op.gradient, run) + op.targetOffset;
    if (packsGradients()) {
        const PackCall call{op.firstBlock, op.blockCount, from, reinterpret_cast<uint16_t*>(to)};
        return onDevice(true, [this, call] { return m_parts.math->packGradient(call); });
    }
    const std::span<std::byte> memory(to, size_t(op.elements * kGradientBytes));
    m_parts.device->hostWait(
        m_parts.device->copyOut(Stream::Compute, memory, reinterpret_cast<const std::byte*>(from)));
    return {};
}

/// In RAM there is one buffer for the slice, in staging one for the chunk.
Status ComputeOps::moveTiedGradient(const Op& op, ProgramRun& run) {
    const bool staged = run.program->buffers[size_t(op.host)].space == Space::Staging;
    const std::span<std::byte> host(run.data(op.host) + (staged ? 0 : op.targetOffset * kGradientBytes),
                                    size_t(op.elements * kGradientBytes));
    auto* gradient = reinterpret_cast<std::byte*>(gradientOf(op.gradient, run) + op.targetOffset);
    const DeviceEvent event = op.kind == OpKind::StoreTiedGradient
                                  ? m_parts.device->copyOut(Stream::Compute, host, gradient)
                                  : m_parts.device->copyIn(Stream::Compute, gradient, host);
    if (staged || endsHostUse(op, run))
        m_parts.device->hostWait(event);
    return {};
}

}  // namespace gsst
