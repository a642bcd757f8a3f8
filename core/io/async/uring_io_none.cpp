// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/async/uring_io.h"

namespace gsst {

Result<std::unique_ptr<AsyncIo>> makeUringIo(const UringIoOptions&) {
    return Error{ErrorCode::Io, "io_uring is not available", "", "this program was built without it",
                 "Nothing is lost: a thread pool does the same work. On Linux it can be had: install liburing-dev and "
                 "build again"};
}

}  // namespace gsst
