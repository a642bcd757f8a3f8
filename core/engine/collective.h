// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <cstddef>
#include <span>
#include <vector>

namespace gsst {

/// Which of several independent conversations a call belongs to: they go on beside each other, on threads of their own.
enum class Channel {
    Gradients,  ///< sums of gradients and updated weights, while a sweep goes on
    Steps,      ///< verdicts and requests, between sweeps
    Commit
};
inline constexpr size_t kChannels = 3;

/// Several processes ("ranks") that train one model, as one of them sees the others. All ranks make the same calls in
/// the same order within a channel; at most one thread is in a channel at a time. Every call returns within the
/// deadline of the implementation: if a rank is lost, with an error that names it, and so does every call after that.
class Collective {
public:
    virtual ~Collective() = default;
    virtual int rank() const = 0;
    virtual int ranks() const = 0;
    bool hasOthers() const { return ranks() > 1; }

    /// Replaces `values` by their sum over all ranks; the same bits on every rank. Of two ranks it is the one rounded
    /// sum, whichever comes first; of more the order of addition is the implementation's, the same in every call with
    /// as many values. Channel Gradients.
    virtual Status sum(std::span<float> values) = 0;
    /// Replaces `bytes`, in the memory of the processor, on every rank by those of `owner`; all give equally many.
    /// Channel Gradients.
    virtual Status share(int owner, std::span<std::byte> bytes) = 0;
    /// What every rank gave, one after the other by rank; all give equally many bytes.
    virtual Result<std::vector<std::byte>> gather(Channel channel, std::span<const std::byte> mine) = 0;
};

}  // namespace gsst
