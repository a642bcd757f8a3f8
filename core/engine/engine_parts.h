// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "device/device.h"
#include "device/host_pool.h"
#include "device/staging_ring.h"
#include "engine/collective.h"
#include "engine/host_state.h"
#include "engine/slice_math.h"
#include "io/async/async_io.h"
#include "plan/program/step_program.h"
#include "spec/tensor_table.h"
#include "spec/train_spec.h"
#include "store/state_store.h"

#include <cstdint>
#include <vector>

namespace gsst {

/// What the compute lane waits for.
enum class WaitCause {
    Read,  ///< a disk read
    Link,  ///< other ranks
    Write  ///< free staging, or a write or commit
};

/// One run of a program, which its ops belong to.
struct ProgramPass {
    int64_t number = 0;    ///< counts the programs that an engine was given, from 1: a step computed twice has two
    int microBatches = 0;  ///< of the program
};

/// Hears what the engine does, for the slice lane, traces and logs. Called on the compute thread and on I/O threads;
/// must be quick and thread-safe.
class EngineObserver {
public:
    virtual ~EngineObserver() = default;
    virtual void opStarted(const Op& op, const ProgramPass& pass) = 0;
    virtual void opDone(const Op& op, const ProgramPass& pass) = 0;
    /// The compute lane has waited so long and can now begin `op`.
    virtual void waited(const Op& /*op*/, WaitCause /*cause*/, double /*seconds*/) {}
    virtual void committed(const CommitRecord& record) = 0;
};

/// Everything the engine works with. All of it outlives the engine and belongs to others.
struct EngineParts {
    const TensorTable* table = nullptr;
    std::vector<SliceRange> slices;
    Precision precision = Precision::Fp32;
    Device* device = nullptr;
    HostPool* ram = nullptr;  ///< RAM-tier boundary activations
    StagingRing* ring = nullptr;
    AsyncIo* io = nullptr;
    SliceMath* math = nullptr;
    StateStore* store = nullptr;
    File* gradients = nullptr;   ///< work/ file of stored gradients; null when none are on disk
    File* shares = nullptr;      ///< work/ file of a tied head's shares of gradients; null when none are on disk
    File* boundaries = nullptr;  ///< work/ file of boundary activations; null when none are on disk
    HostState* host = nullptr;   ///< copies in RAM; may be without any
    EngineObserver* observer = nullptr;  ///< may be null
    /// Sums are checked and made by the math as it updates and joins blocks, not on the I/O threads: where the
    /// processor is the device, all cores compute, and an I/O thread that reads every byte once more takes a core from
    /// a computation that waits for all of them.
    bool sumsWithMath = false;
    Collective* collective = nullptr;  ///< the ranks of the training; SoleRank where this process trains alone

    const StateFormat& format() const { return store->layout().format(); }
    /// The op's chunk in the copy of `kind` that is in RAM.
    std::byte* hostSection(const Op& op, StateKind kind) const { return host->section(op.firstBlock, kind); }
    /// The op's chunk of the gradient that is in RAM.
    std::byte* hostGradient(const Op& op) const { return host->gradient(op.firstBlock); }
};

}  // namespace gsst
