// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "device/caching_pool.h"
#include "engine/batch_math.h"
#include "plan/program/slicing.h"
#include "ranks/ranks.h"
#include "spec/tensor_table.h"
#include "spec/train_spec.h"
#include "tensors/arithmetic_rates.h"
#include "tensors/text_generator.h"

#include <cstdint>
#include <memory>
#include <stop_token>
#include <vector>

namespace gsst {

/// All that needs LibTorch, behind one interface without it. LibTorch and its CUDA libraries take about a second to
/// load and 400 MiB, so programs are linked without them: the one implementation is in a shared library that is loaded
/// when it is first needed.
///
/// Both sides are built together from the same sources, and hand each other plain objects of the torch-free rooms. The
/// library has its own copy of the code of those rooms that it uses, so that code must keep nothing that both sides
/// would have to agree on in globals; tensor_library_test.py looks for such. Thread-safe.
class TensorLibrary {
public:
    virtual ~TensorLibrary() = default;

    /// From now on tensor work of the calling thread uses so many threads; it changes bits.
    virtual void useThreads(int64_t threads) = 0;

    /// Forward, head, backward and update on the processor. `slices` cover all units in order; temporaries come from
    /// `pool`, which is one of host memory. References outlive it.
    virtual std::unique_ptr<BatchMath> sliceMath(const TensorTable& table, std::vector<SliceRange> slices,
                                                 const TrainSpec& training, CachingPool& pool) = 0;

    /// A generator with a key/value cache. Needs one slice of weights at a time: a unit, or one canonical vocabulary
    /// chunk of the embedding or the head (in their order, each once a token; a tied table once more at the end). The
    /// cache and all temporaries come from the pool. References outlive it.
    virtual std::unique_ptr<TextGenerator> textGenerator(const TensorTable& table, const TrainSpec& training,
                                                         SliceSource& source, CachingPool& pool) = 0;

    /// Meets the other ranks, as connectRanks() says.
    virtual Result<std::unique_ptr<RankGroup>> connectRanks(const ProcessRank& place, const DeviceId& gradients,
                                                            const RankTimeouts& timeouts, std::stop_token stop) = 0;

    /// Times products in bf16 both ways on all cores: some tenths of a second, a few seconds where one of them is very
    /// slow. Not known if it fails. Works on a thread of its own, so that LibTorch's settings on the caller's stay.
    virtual ProductRates probeProducts() = 0;
    /// About a second and a half.
    virtual MatrixRates probeMatrices() = 0;
    /// Bytes a second, read and written, of a copy by all threads. About half a second.
    virtual double probeMemory() = 0;
    virtual ProcessorFacts processorFacts() = 0;
};

/// The library, loaded by the first call in this process, which takes about a second: not on a thread that draws a
/// window. It stays loaded. An Error says which file is missing or damaged, or which of LibTorch's, and what to do; the
/// next call tries again. Thread-safe.
Result<TensorLibrary*> tensorLibrary();

/// Whether tensorLibrary() has loaded it. Thread-safe.
bool tensorLibraryIsLoaded();

/// Memory that this process occupied when tensorLibrary() loaded it; until then, what it occupies now. Little for the
/// command line, more for a window. 0 if the system does not tell. Thread-safe.
int64_t bytesBesideTensors();

}  // namespace gsst
