// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/block_hooks.h"
#include "base/result.h"
#include "spec/state_kind.h"

#include <cstddef>
#include <cstdint>

namespace gsst {

// What an op computes, as the engine sees it: bytes in, bytes out. The engine moves memory and knows no transformer;
// train implements this over nn and optim, tests with a fake. All pointers are device memory unless said otherwise, and
// stay valid until the call's stream work is done.
//
// "Element space of a slice": the padded element spaces of its units, one after the other in canonical order (see
// TensorTable), or that of its blocks. Weights are in compute precision (fp32, bf16 or fp16), gradients fp32.
// Activations are [microBatch, sequenceLength, width] in compute precision.
//
// fp32 weights are the values of hi and lo, bf16 weights are `hi`, and fp16 weights are the fp32 values rounded to
// nearest. So fp32 and bf16 weights give back what they were made from and fp16 weights do not: programs for fp16 read
// hi and lo wherever they are needed (StateFormat::weightsNeed(), weightsTell()).
//
// Loss scale: gradients from head() or headSlice() to norms() are those of the loss times their lossScale, a power of
// two that keeps small ones above the smallest fp16. update() divides it out again, in its gradientScale. 1 with fp32
// and bf16.

struct ForwardCall {
    int slice = 0;
    int microBatch = 0;
    const void* weights = nullptr;  ///< element space of the slice
    const void* input = nullptr;    ///< null for the embedding slice (tokens come from the batch)
    void* output = nullptr;         ///< a part of the embedding changes only what its rows make
    bool keep = false;  ///< leave what backward() of this slice and micro-batch needs, input and weights besides
};

/// The head, whole.
struct HeadCall {
    int microBatch = 0;
    const void* weights = nullptr;    ///< element space of the head slice
    const void* tiedTable = nullptr;  ///< element space of the embedding unit when tied, else null
    const void* input = nullptr;
    double lossScale = 1;           ///< of the gradients, not of the loss that is returned
    void* inputGradient = nullptr;  ///< null: loss only (evaluation)
    float* gradient = nullptr;      ///< element space of the head slice; added to
    float* tiedGradient = nullptr;  ///< element space of the embedding unit when tied; added to
};

/// A vocabulary slice of the head in one of its two passes. First the slices come in the order of their rows, for
/// headSums(); then in the reverse order, for headSlice().
struct HeadSliceCall {
    int slice = 0;  ///< that the rows are of: a part of the head, or of the embedding when tied
    int microBatch = 0;
    const void* norm = nullptr;  ///< element space of the slice that the final norm is
    const void* rows = nullptr;  ///< element space of `slice`
    const void* input = nullptr;
    void* sums =
        nullptr;  ///< kTokenSumBytes for each token, of all rows so far: begun by the first slice, used by headSlice()
    void* inputGradient =
        nullptr;  ///< headSlice: begun by its first slice, added to by the next; of the input after its last
    float* normGradient = nullptr;  ///< headSlice, its last slice: element space of the norm's slice; added to
    float* rowsGradient = nullptr;  ///< headSlice: element space of `slice`; added to
    double lossScale = 1;           ///< headSlice: of the gradients
};

struct BackwardCall {
    int slice = 0;
    int microBatch = 0;
    const void* weights = nullptr;
    const void* input = nullptr;  ///< null for the embedding slice
    const void* outputGradient = nullptr;
    void* inputGradient = nullptr;  ///< null for the embedding slice; may be the memory of outputGradient
    float* gradient = nullptr;      ///< element space of the slice; added to
    bool kept = false;              ///< the forward kept what is needed: use it up instead of computing it again
};

/// Blocks [firstBlock, firstBlock + blockCount) of one unit. Pointers are to the first element of firstBlock.
struct UpdateCall {
    int firstBlock = 0;
    int blockCount = 0;
    StateSections state;               ///< of StateFormat; null for kinds that it lacks
    const float* gradient = nullptr;   ///< as norms() left it; or
    const uint16_t* packed = nullptr;  ///< as packGradient() wrote it: one of the two
    const void* current = nullptr;     ///< compute weights before the update: `hi` (fp32: and `lo`) is filled from them
                                       ///< first; may be null, and is with fp16
    void* weights = nullptr;           ///< out, compute precision; null when not wanted
    float gradientScale = 1.0f;        ///< clip factor over loss scale
    int64_t step = 1;                  ///< 1-based number of the step whose gradient this is
    uint32_t* notFinite =
        nullptr;       ///< HOST; set to 1 if a new weight or moment is not finite, else left alone; never null
    BlockHooks hooks;  ///< HOST; empty unless EngineParts::sumsWithMath
};

/// Joins hi and lo into compute weights for blocks of one unit (lo is null with bf16 and with state preset Lean); fp16:
/// rounds them.
struct MaterializeCall {
    int firstBlock = 0;
    int blockCount = 0;
    const uint16_t* hi = nullptr;
    const uint16_t* lo = nullptr;
    void* weights = nullptr;
    BlockHooks hooks;  ///< as in UpdateCall; only `opening`
};

/// Ends the summing up of the gradient of blocks of one unit: with state presets other than Exact it is rounded to bf16
/// in place; then its squared norms, one double per block into HOST memory, in the canonical lane order.
struct NormCall {
    int firstBlock = 0;
    int blockCount = 0;
    float* gradient = nullptr;       ///< first element of firstBlock
    double* squaredNorms = nullptr;  ///< host, blockCount values; NaN or Inf shows through
};

/// The gradient of blocks of one unit, as norms() left it, in 2 bytes an element into HOST memory. Never with state
/// preset Exact.
struct PackCall {
    int firstBlock = 0;
    int blockCount = 0;
    const float* gradient = nullptr;  ///< first element of firstBlock
    uint16_t* packed = nullptr;       ///< host
};

/// Sum of the token losses of one micro-batch.
struct LossSum {
    double nats = 0;
    int64_t tokens = 0;  ///< targets that counted (not ignored)

    LossSum& operator+=(const LossSum& more) {
        nats += more.nats;
        tokens += more.tokens;
        return *this;
    }
};

/// Called by one thread, in program order. Gradients are those of the MEAN loss over the whole step, so the head scales
/// by one over the step's target tokens. Errors of the library below (out of memory) come back as Status.
class SliceMath {
public:
    virtual ~SliceMath() = default;
    virtual Status forward(const ForwardCall& call) = 0;
    virtual Result<LossSum> head(const HeadCall& call) = 0;
    /// The losses with the last slice, nothing before. The order is that of HeadSliceCall.
    virtual Result<LossSum> headSums(const HeadSliceCall& call) = 0;
    virtual Status headSlice(const HeadSliceCall& call) = 0;
    virtual Status backward(const BackwardCall& call) = 0;
    /// Forgets everything that forwards kept and no backward used up.
    virtual void dropKept() = 0;
    virtual Status update(const UpdateCall& call) = 0;
    virtual Status join(const MaterializeCall& call) = 0;
    virtual Status norms(const NormCall& call) = 0;
    virtual Status packGradient(const PackCall& call) = 0;
};

}  // namespace gsst
