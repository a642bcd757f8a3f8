// SPDX-License-Identifier: GPL-3.0-or-later
// What the kernel can do to io_uring: refuse it from the start, refuse it in the middle, cut a write short.
#include "io_engines.h"

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace gsst {
namespace {

using namespace gsst::testing;

/// From here on the kernel answers `systemCall` of every thread of this process with `error`, as the sandbox of a
/// container does.
bool refuse(long systemCall, int error) {
    std::array<sock_filter, 4> program{{
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, static_cast<uint32_t>(systemCall)},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | static_cast<uint32_t>(error)},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
    }};
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) == 0;
}

constexpr int kPassed = 0, kFailed = 1, kCannotTry = 77;

/// Runs `check` in a process of its own, since what it does to the process cannot be undone.
void expectInChild(int (*check)()) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    bool couldTry = true;
    const auto passed = [&](int status) {
        couldTry = !WIFEXITED(status) || WEXITSTATUS(status) != kCannotTry;
        return WIFEXITED(status) && (WEXITSTATUS(status) == kPassed || WEXITSTATUS(status) == kCannotTry);
    };
    EXPECT_EXIT(::_exit(check()), passed, "");
    if (!couldTry)
        GTEST_SKIP()
            << "this system has no io_uring, no direct access in the working folder, or no system call filters";
}

int refusedFromTheStart(int error, ErrorCode expected) {
    if (!makeUringIo({}).ok() || !refuse(SYS_io_uring_setup, error))
        return kCannotTry;
    const auto made = makeUringIo({});
    if (made.ok() || made.error().code != expected || made.error().why.empty())
        return kFailed;
    std::cerr << made.error().text() << "\n";
    return kPassed;
}

TEST(UringIoLinuxDeathTest, ARefusalIsAnErrorWithWords) {
    expectInChild([] { return refusedFromTheStart(EPERM, ErrorCode::Permission); });
    expectInChild([] { return refusedFromTheStart(ENOSYS, ErrorCode::Io); });
}

bool writeAndReadBack(AsyncIo& io, File& file, uint64_t seed) {
    constexpr size_t kBytes = 64 * kIoAlignment;
    const auto data = noise(kBytes, seed), into = zeros(kBytes);
    Waiter written, read;
    io.write(file, 0, data.span(), written.done());
    const bool isWritten = written.wait().ok();
    io.read(file, 0, into.span(), read.done());
    return isWritten && read.wait().ok() && same(into.span(), data.span());
}

int refusedInTheMiddle() {
    const TemporaryFolder folder{std::filesystem::current_path()};
    const auto file = opened(osFileSystem(), folder.path / "file", OpenMode::Create, Caching::Direct);
    const auto made = makeUringIo({.depth = 3, .pieceBytes = 2 * kIoAlignment});
    if (!made.ok() || file->caching() != Caching::Direct)
        return kCannotTry;
    AsyncIo& io = **made;
    bool passed = writeAndReadBack(io, *file, 1);
    const auto data = noise(512 * kIoAlignment, 2);
    std::array<Waiter, 8> inFlight;
    for (size_t i = 0; i < inFlight.size(); ++i)
        io.write(*file, (i + 1) * data.size(), data.span(), inFlight[i].done());
    if (!refuse(SYS_io_uring_enter, EPERM))
        return kCannotTry;
    for (Waiter& waiter : inFlight)
        passed = waiter.wait().ok() && passed;
    const auto into = zeros(data.size());
    for (size_t i = 0; i < inFlight.size(); ++i)
        passed = file->read((i + 1) * data.size(), into.span()).ok() && same(into.span(), data.span()) && passed;
    passed = writeAndReadBack(io, *file, 3) && passed;
    return passed ? kPassed : kFailed;
}

TEST(UringIoLinuxDeathTest, WhatTheKernelNoLongerTakesGoesThroughTheThreadPool) {
    expectInChild(refusedInTheMiddle);
}

int cutShort() {
    const TemporaryFolder folder{std::filesystem::current_path()};
    const auto file = opened(osFileSystem(), folder.path / "file", OpenMode::Create, Caching::Direct);
    const auto made = makeUringIo({});
    if (!made.ok() || file->caching() != Caching::Direct)
        return kCannotTry;
    const auto data = noise(8 * kIoAlignment, 1), into = zeros(3 * kIoAlignment);
    const rlimit limit{3 * kIoAlignment, 3 * kIoAlignment};
    std::signal(SIGXFSZ, SIG_IGN);
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return kCannotTry;
    Waiter written;
    (*made)->write(*file, 0, data.span(), written.done());
    const Status status = written.wait();
    const bool passed = !status.ok() && status.error().code == ErrorCode::NoSpace &&
                        (*made)->counters().writtenBytes == 0 && file->read(0, into.span()).ok() &&
                        same(into.span(), data.span().first(into.size()));
    return passed ? kPassed : kFailed;
}

TEST(UringIoLinuxDeathTest, AWriteThatIsCutShortGoesOnAndTellsWhy) {
    expectInChild(cutShort);
}

}  // namespace
}  // namespace gsst
