// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compute_ops.h"

#include "plan/state_bytes.h"
#include "spec/cost.h"

#include <utility>

namespace gsst {

namespace {

bool releasesHostMemory(const Op& op, const ProgramRun& run) {
    for (int buffer : op.releases)
        if (run.program->buffers[size_t(buffer)].space == Space::Ram)
            return true;
    return false;
}

}  // namespace

ComputeOps::ComputeOps(const EngineParts& parts)
    : m_parts(parts), m_elementBytes(computeElementBytes(parts.precision)), m_squaredNorms(parts.table->blocks().size(), 0.0) {}

Status ComputeOps::run(const Op& op, ProgramRun& run) {
    GSST_TRY(acquire(op, run));
    Status status;
    switch (op.kind) {
    case OpKind::Update: status = update(op, run); break;
    case OpKind::Join: status = join(op, run); break;
    case OpKind::ZeroGradient: status = zero(op, run); break;
    case OpKind::LoadBoundary:
        status = copyIn(run.data(op.input), run.buffers[size_t(op.host)], releasesHostMemory(op, run));
        break;
    case OpKind::LoadGradient:
        status = copyIn(run.data(op.outputGradient), run.buffers[size_t(op.host)], releasesHostMemory(op, run));
        break;
    case OpKind::StoreBoundary:
        status = copyOut({run.data(op.host), size_t(run.program->buffers[size_t(op.host)].bytes)}, run.data(op.output),
                         releasesHostMemory(op, run));
        break;
    case OpKind::StoreGradient:
        status = copyOut(run.buffers[size_t(op.chunkGradient)].staging,
                         reinterpret_cast<std::byte*>(gradientOf(op, run) + op.targetOffset), true);
        break;
    case OpKind::Forward: status = forward(op, run); break;
    case OpKind::Head: status = head(op, run); break;
    case OpKind::Backward: status = backward(op, run); break;
    case OpKind::Norms: status = norms(op, run); break;
    default: break;  // ops of other lanes never come here
    }
    release(op, run);
    return status;
}

Status ComputeOps::acquire(const Op& op, ProgramRun& run) {
    for (int buffer : op.acquires) {
        const BufferInfo& info = run.program->buffers[size_t(buffer)];
        LiveBuffer& live = run.buffers[size_t(buffer)];
        live.bytes = info.bytes;
        if (info.space == Space::Device) {
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
        if (live.device)
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

const void* ComputeOps::weightsOf(const Op& op, const ProgramRun& run) const {
    if (op.weights != kNoBuffer || !m_parts.resident)
        return run.data(op.weights);
    return m_parts.resident->hi(m_parts.slices[size_t(op.slice)].firstUnit);
}

const void* ComputeOps::tiedTableOf(const Op& op, const ProgramRun& run) const {
    if (!m_parts.table->model().tiedHead)
        return nullptr;
    return op.tied != kNoBuffer || !m_parts.resident ? static_cast<const void*>(run.data(op.tied)) : m_parts.resident->hi(0);
}

float* ComputeOps::gradientOf(const Op& op, const ProgramRun& run) const {
    if (op.gradient != kNoBuffer)
        return reinterpret_cast<float*>(run.data(op.gradient));
    return m_parts.resident ? m_parts.resident->gradient(m_parts.slices[size_t(op.slice)].firstUnit) : nullptr;
}

float* ComputeOps::tiedGradientOf(const Op& op, const ProgramRun& run) const {
    if (!m_parts.table->model().tiedHead)
        return nullptr;
    return m_parts.resident ? m_parts.resident->gradient(0) : reinterpret_cast<float*>(run.data(op.tiedGradient));
}

Status ComputeOps::update(const Op& op, ProgramRun& run) {
    UpdateCall call;
    call.firstBlock = op.firstBlock;
    call.blockCount = op.blockCount;
    if (m_parts.resident) {
        call.hi = m_parts.resident->hi(op.unit) + op.unitOffset;
        call.lo = m_parts.resident->lo(op.unit) + op.unitOffset;
        call.moment1 = m_parts.resident->moment1(op.unit) + op.unitOffset;
        call.moment2 = m_parts.resident->moment2(op.unit) + op.unitOffset;
        call.gradient = m_parts.resident->gradient(op.unit) + op.unitOffset;
    } else {
        std::byte* state = run.data(op.state);
        call.hi = reinterpret_cast<uint16_t*>(state);
        call.lo = reinterpret_cast<uint16_t*>(state + op.elements * kHiBytes);
        call.moment1 = reinterpret_cast<float*>(state + op.elements * (kHiBytes + kLoBytes));
        call.moment2 = call.moment1 + op.elements;
        call.gradient = reinterpret_cast<const float*>(run.data(op.chunkGradient));
    }
    if (op.weights != kNoBuffer)
        call.weights = run.data(op.weights) + op.targetOffset * m_elementBytes;
    call.gradientScale = run.context.gradientScale;
    call.step = run.context.updateStep;
    return onDevice(true, [this, call] { return m_parts.math->update(call); });
}

Status ComputeOps::join(const Op& op, ProgramRun& run) {
    JoinCall call;
    call.firstBlock = op.firstBlock;
    call.blockCount = op.blockCount;
    if (op.state == kNoBuffer) {
        call.hi = m_parts.resident->hi(op.unit) + op.unitOffset;
        call.lo = m_parts.resident->lo(op.unit) + op.unitOffset;
    } else {
        call.hi = reinterpret_cast<const uint16_t*>(run.data(op.state));
        call.lo = op.readsLo ? call.hi + op.elements : nullptr;
    }
    call.weights = run.data(op.weights) + op.targetOffset * m_elementBytes;
    return onDevice(op.state != kNoBuffer, [this, call] { return m_parts.math->join(call); });
}

Status ComputeOps::zero(const Op& op, ProgramRun& run) {
    m_parts.device->fillZero(Stream::Compute, reinterpret_cast<std::byte*>(gradientOf(op, run)), op.elements * kGradientBytes);
    return {};
}

Status ComputeOps::forward(const Op& op, ProgramRun& run) {
    const ForwardCall call{op.slice, op.microBatch, weightsOf(op, run), run.data(op.input), run.data(op.output)};
    return onDevice(false, [this, call] { return m_parts.math->forward(call); });
}

Status ComputeOps::head(const Op& op, ProgramRun& run) {
    HeadCall call;
    call.microBatch = op.microBatch;
    call.weights = weightsOf(op, run);
    call.tiedTable = tiedTableOf(op, run);
    call.input = run.data(op.input);
    if (!op.lossOnly) {
        call.inputGradient = run.data(op.inputGradient);
        call.gradient = gradientOf(op, run);
        call.tiedGradient = tiedGradientOf(op, run);
    }
    return onDevice(true, [this, call, &run]() -> Status {
        GSST_ASSIGN(const LossSum loss, m_parts.math->head(call));
        run.outcome.loss.nats += loss.nats;
        run.outcome.loss.tokens += loss.tokens;
        return {};
    });
}

Status ComputeOps::backward(const Op& op, ProgramRun& run) {
    BackwardCall call;
    call.slice = op.slice;
    call.microBatch = op.microBatch;
    call.weights = weightsOf(op, run);
    call.input = run.data(op.input);
    call.outputGradient = run.data(op.outputGradient);
    call.inputGradient = run.data(op.inputGradient);
    call.gradient = gradientOf(op, run);
    return onDevice(false, [this, call] { return m_parts.math->backward(call); });
}

Status ComputeOps::norms(const Op& op, ProgramRun& run) {
    const SliceRange& slice = m_parts.slices[size_t(op.slice)];
    for (int unit = slice.firstUnit; unit < slice.firstUnit + slice.unitCount; ++unit) {
        const UnitInfo& info = m_parts.table->units()[size_t(unit)];
        NormCall call;
        call.firstBlock = info.firstBlock;
        call.blockCount = info.blockCount;
        call.gradient = gradientOf(op, run) + elementsBefore(*m_parts.table, slice, unit);
        call.squaredNorms = m_squaredNorms.data() + info.firstBlock;
        GSST_TRY(onDevice(true, [this, call] { return m_parts.math->norms(call); }));
    }
    return {};
}

Status ComputeOps::copyIn(std::byte* device, const LiveBuffer& host, bool wait) {
    const DeviceEvent event = m_parts.device->copyIn(Stream::Compute, device, {host.data, size_t(host.bytes)});
    if (wait)
        m_parts.device->hostWait(event);
    return {};
}

Status ComputeOps::copyOut(std::span<std::byte> host, const std::byte* device, bool wait) {
    const DeviceEvent event = m_parts.device->copyOut(Stream::Compute, host, device);
    if (wait)
        m_parts.device->hostWait(event);
    return {};
}

}  // namespace gsst
