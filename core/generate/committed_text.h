// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/compute_backend.h"
#include "data/tokenizer.h"
#include "device/caching_pool.h"
#include "service/run_tools.h"
#include "spec/run_spec.h"
#include "spec/tensor_table.h"
#include "store/state_store.h"

#include <functional>
#include <stop_token>
#include <string>

namespace gsst {

/// What text is generated from. References outlive the call.
struct TextModel {
    const TensorTable& table;
    StateStore& store;
    const RunSpec& spec;
    const Tokenizer& tokenizer;
    ComputeBackend& backend;
    OpenDevice& device;  ///< of `backend`; weights and temporaries come from its pool
};

/// What was drawn.
struct DrawnText {
    std::string text;    ///< without the prompt
    int64_t tokens = 0;  ///< with the one that ended it
};

/// Text written by the committed weights. The weights are kept in the pool if its limit allows,
/// else read from the slot unit by unit for every token; sums are checked either way. `onText` may be empty.
Result<DrawnText> committedText(const TextModel& model, const GenerateOptions& options,
                                const std::function<void(const std::string&)>& onText, std::stop_token stop);

}  // namespace gsst
