// SPDX-License-Identifier: GPL-3.0-or-later
// What only Linux can be asked about: blocks really allocated, and locks between processes.
#include "file_helpers.h"

#include <csignal>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace gsst {
namespace {

using namespace gsst::testing;

TEST(OsFilesLinux, ReservedSpaceIsReallyAllocated) {
    constexpr uint64_t kBytes = 8u << 20;
    const TemporaryFolder folder{std::filesystem::current_path()};
    GSST_EXPECT_OK(opened(osFileSystem(), folder.path / "slot", OpenMode::Create, Caching::Direct)->reserve(kBytes));
    struct stat info{};
    ASSERT_EQ(::stat((folder.path / "slot").c_str(), &info), 0);
    EXPECT_GE(static_cast<uint64_t>(info.st_blocks) * 512, kBytes);
}

TEST(OsFilesLinux, TheLockOfAKilledProcessIsFree) {
    const TemporaryFolder folder;
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const auto lock = osFileSystem().lock(folder.path / "LOCK");
        const char answer = lock.ok() ? 'y' : 'n';
        if (::write(ready[1], &answer, 1) == 1)
            ::pause();
        ::_exit(1);
    }
    char answer = 0;
    EXPECT_EQ(::read(ready[0], &answer, 1), 1);
    EXPECT_EQ(answer, 'y');
    GSST_EXPECT_ERROR(osFileSystem().lock(folder.path / "LOCK"), Busy);
    ::kill(child, SIGKILL);
    EXPECT_EQ(::waitpid(child, nullptr, 0), child);
    GSST_EXPECT_OK(osFileSystem().lock(folder.path / "LOCK"));
    ::close(ready[0]);
    ::close(ready[1]);
}

}  // namespace
}  // namespace gsst
