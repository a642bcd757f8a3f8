// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/run_lock.h"

#include "io/io_error.h"

namespace gsst {

Result<std::unique_ptr<FileLock>> lockRun(FileSystem& files, const std::filesystem::path& runFolder) {
    auto lock = files.lock(runFolder / "LOCK");
    if (!lock.ok() && lock.error().code == ErrorCode::Busy)
        return Error{ErrorCode::Busy, "This run is in use", pathText(runFolder),
                     "another window or another process of GSST Studio works in this folder",
                     "Pause and close it there, then try again"};
    return lock;
}

}  // namespace gsst
