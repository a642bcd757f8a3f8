// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/program/activation_flow.h"

#include "spec/cost.h"

namespace gsst {

ActivationFlow::ActivationFlow(ProgramWriter& out)
    : m_out(out), m_boundaryBytes(boundaryBytes(out.table().model(), out.training())) {}

/// From host memory to the device.
int ActivationFlow::load(OpKind kind, int slice, int microBatch, int host) {
    const int buffer = newActivation();
    Op& load = m_out.add(kind, slice);
    load.microBatch = microBatch;
    load.host = host;
    (kind == OpKind::LoadGradient ? load.outputGradient : load.input) = buffer;
    load.copyBytes = 2 * m_boundaryBytes;
    return buffer;
}

void ActivationFlow::storeTo(int host, int slice, int microBatch, int buffer) {
    Op& store = m_out.add(OpKind::StoreBoundary, slice);
    store.microBatch = microBatch;
    store.output = buffer;
    store.host = host;
    store.copyBytes = 2 * m_boundaryBytes;
}

/// In the disk tier too, for the time between two slices.
void ActivationFlow::storeInRam(const Key& key, int buffer) {
    Boundary& kept = m_boundary[key];
    // Where the input stayed on the device, its copy in RAM need not live until its gradient comes.
    if (kept.buffer == kNoBuffer || m_out.placement().boundaries == Tier::Disk || m_keptInput.contains(key))
        kept.buffer = m_out.newBuffer(Space::Ram, BufferUse::Activation, m_boundaryBytes);
    storeTo(kept.buffer, key.first, key.second, buffer);
}

void ActivationFlow::storeInput(const Key& key, int buffer) {
    if (onDevice())
        m_boundary[key].buffer = buffer;
    else
        storeInRam(key, buffer);
}

void ActivationFlow::writeBoundary(const Key& key, int buffer) {
    if (m_out.placement().boundaries != Tier::Disk)
        return;
    const int64_t bytes = boundarySlotBytes(m_out.table().model(), m_out.training());
    const int staging = m_out.newBuffer(Space::Staging, BufferUse::Activation, bytes);
    storeTo(staging, key.first, key.second, buffer);
    Op& write = m_out.add(OpKind::WriteBoundary, key.first);
    write.microBatch = key.second;
    write.host = staging;
    write.boundary = m_boundary[key].place = (key.first - 1) * m_out.microBatches() + key.second;
    write.ioBytes = bytes;
}

int ActivationFlow::loadInput(int slice, const Key& key) {
    const int kept = m_boundary.at(key).buffer;
    return onDevice() ? kept : load(OpKind::LoadBoundary, slice, key.second, kept);
}

int ActivationFlow::reloadInput(const Key& key) {
    if (m_out.placement().boundaries != Tier::Disk)
        return loadInput(key.first, key);
    const int64_t bytes = boundarySlotBytes(m_out.table().model(), m_out.training());
    Op& read = m_out.add(OpKind::ReadBoundary, key.first);
    read.microBatch = key.second;
    read.host = m_out.newBuffer(Space::Staging, BufferUse::Activation, bytes);
    read.boundary = m_boundary.at(key).place;
    read.ioBytes = bytes;
    const int staging = read.host;
    return load(OpKind::LoadBoundary, key.first, key.second, staging);
}

void ActivationFlow::storeInputGradient(const Key& key, int buffer) {
    if (onDevice())
        m_gradient[key.second] = buffer;
    else
        storeInRam(key, buffer);
}

int ActivationFlow::loadOutputGradient(int slice, const Key& above) {
    return onDevice() ? m_gradient.at(above.second)
                      : load(OpKind::LoadGradient, slice, above.second, m_boundary.at(above).buffer);
}

int ActivationFlow::openHeadGradient(int slice, int microBatch) {
    const auto open = m_headGradient.find(microBatch);
    if (open == m_headGradient.end())
        return newActivation();
    return onDevice() ? open->second : load(OpKind::LoadGradient, slice, microBatch, open->second);
}

void ActivationFlow::putAsideHeadGradient(int slice, int microBatch, int buffer) {
    if (onDevice()) {
        m_headGradient[microBatch] = buffer;
        return;
    }
    if (!m_headGradient.contains(microBatch))
        m_headGradient[microBatch] = m_out.newBuffer(Space::Ram, BufferUse::Activation, m_boundaryBytes);
    storeTo(m_headGradient[microBatch], slice, microBatch, buffer);
}

}  // namespace gsst
