// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/twins/memory_files.h"
#include "store/run_lock.h"

#include <gtest/gtest.h>

namespace gsst {
namespace {

TEST(RunLock, OneHolderAtATime) {
    auto files = makeMemoryFiles();
    ASSERT_TRUE(files->makeFolders("runs/one").ok());
    ASSERT_TRUE(files->makeFolders("runs/two").ok());
    {
        const auto lock = lockRun(*files, "runs/one");
        ASSERT_TRUE(lock.ok());
        const auto second = lockRun(*files, "runs/one");
        ASSERT_FALSE(second.ok());
        EXPECT_EQ(second.error().code, ErrorCode::Busy);
        EXPECT_EQ(second.error().where, "runs/one");
        EXPECT_FALSE(second.error().todo.empty());
        EXPECT_TRUE(lockRun(*files, "runs/two").ok());
    }
    EXPECT_TRUE(lockRun(*files, "runs/one").ok());
}

TEST(RunLock, AMissingFolderIsNotBusy) {
    auto files = makeMemoryFiles();
    const auto lock = lockRun(*files, "nowhere");
    ASSERT_FALSE(lock.ok());
    EXPECT_EQ(lock.error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace gsst
