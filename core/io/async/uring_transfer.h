// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/async/io_request.h"

#include <cstddef>
#include <cstdint>

namespace gsst {

/// What is still to be moved of one piece of a direct request; offset, memory and length are kIoAlignment-aligned.
struct Transfer {
    IoDirection direction = IoDirection::Read;
    int handle = -1;
    uint64_t offset = 0;
    std::byte* memory = nullptr;  ///< only read from when writing
    size_t left = 0;
    int stalls = 0;  ///< answers in a row that moved nothing
};

enum class TransferStep {
    Finished,
    Again,      ///< submit what is left
    EndsEarly,  ///< the file ends inside the request
    Failed
};

struct TransferAnswer {
    TransferStep step = TransferStep::Finished;
    int error = 0;  ///< errno of Failed
};

/// Takes the kernel's answer into account: bytes moved, or minus an errno. What was cut short or interrupted goes on; a
/// system that keeps saying "try again" without moving anything fails after a while.
TransferAnswer advance(Transfer& transfer, int64_t answer);

}  // namespace gsst
