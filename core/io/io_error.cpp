// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/io_error.h"

#include <limits>
#include <string_view>
#include <utility>

namespace gsst {

namespace {

struct Explanation {
    std::errc condition;
    ErrorCode code;
    std::string_view why;
    std::string_view todo;
};

constexpr Explanation kExplanations[] = {
    {std::errc::no_such_file_or_directory, ErrorCode::NotFound, "it does not exist",
     "Check the path; a drive may not be connected"},
    {std::errc::not_a_directory, ErrorCode::NotFound, "a part of the path is a file, not a folder", "Check the path"},
    {std::errc::permission_denied, ErrorCode::Permission, "the operating system refused access",
     "Check who may read and write it, and that no other program holds it open"},
    {std::errc::operation_not_permitted, ErrorCode::Permission, "the operating system refused access",
     "Check who may read and write it"},
    {std::errc::read_only_file_system, ErrorCode::Permission, "the drive is read-only",
     "Choose a folder on another drive, or make this one writable"},
    {std::errc::no_space_on_device, ErrorCode::NoSpace, "the disk is full", "Free some space, or choose another disk"},
    {std::errc::file_too_large, ErrorCode::NoSpace, "the file system cannot hold a file this large",
     "Choose a disk with another file system, such as ext4 or NTFS"},
    {std::errc::device_or_resource_busy, ErrorCode::Busy, "another program uses it", "Close the other program"},
    {std::errc::text_file_busy, ErrorCode::Busy, "it is a program that runs", "Choose another name"},
    {std::errc::is_a_directory, ErrorCode::InvalidInput, "it is a folder, not a file", "Choose a file"},
    {std::errc::file_exists, ErrorCode::InvalidInput, "something of this name is there already", "Choose another name"},
    {std::errc::directory_not_empty, ErrorCode::InvalidInput, "the folder is not empty", "Empty the folder first"},
    {std::errc::filename_too_long, ErrorCode::InvalidInput, "the name is too long", "Choose a shorter path"},
    {std::errc::cross_device_link, ErrorCode::InvalidInput, "source and target are on different drives",
     "Choose a target on the same drive"},
    {std::errc::too_many_files_open, ErrorCode::Io, "this program has too many files open",
     "Raise the limit of open files (ulimit -n) and start again"},
    {std::errc::too_many_files_open_in_system, ErrorCode::Io, "the computer has too many files open",
     "Close other programs"},
    {std::errc::not_enough_memory, ErrorCode::OutOfMemory, "the operating system has no memory left",
     "Close other programs"},
    {std::errc::no_lock_available, ErrorCode::Io, "the drive offers no file locks",
     "Choose a folder on a local drive; some network drives cannot lock files"},
    {std::errc::io_error, ErrorCode::Io, "the drive reported an error",
     "Check the drive and its cable (its own health report, the system log) before you go on"},
};

}  // namespace

std::string pathText(const std::filesystem::path& path) {
    const std::u8string text = path.generic_u8string();
    return std::string(text.begin(), text.end());
}

Error ioError(std::string what, const std::filesystem::path& where, std::error_code code) {
    const std::string detail = " (system error " + std::to_string(code.value()) + ")";
    for (const Explanation& known : kExplanations)
        if (code == known.condition)
            return {known.code, std::move(what), pathText(where),
                    std::string(known.why) + (known.code == ErrorCode::Io ? detail : ""), std::string(known.todo)};
    return {ErrorCode::Io, std::move(what), pathText(where), "the operating system said: " + code.message() + detail,
            "Check the path and the drive, then try again"};
}

Error fileEndsEarly(const std::filesystem::path& where, uint64_t offset, uint64_t bytes) {
    return {ErrorCode::Corrupt, "Cannot read all of the file", pathText(where),
            "it ends before byte " + std::to_string(offset + bytes) + ", so a part of it is missing",
            "Restore the file from where it came from; it may have been cut off while it was copied"};
}

Error noSpace(std::string what, const std::filesystem::path& where, std::string why) {
    return {ErrorCode::NoSpace, std::move(what), pathText(where), std::move(why),
            "Free some space, or choose another disk"};
}

Error lockedElsewhere(const std::filesystem::path& where) {
    return {ErrorCode::Busy, "Cannot use the folder", pathText(where),
            "another program, or another window of this one, works in it",
            "Close the other one, or wait until it is done"};
}

Status checkRequest(const std::filesystem::path& where, Caching caching, uint64_t offset, const std::byte* address,
                    size_t bytes) {
    constexpr auto kLargest = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    const std::string todo = "Please report this as a defect, with the log";
    if (bytes > kLargest || offset > kLargest - bytes)
        return Error{ErrorCode::Internal, "A file request is out of range", pathText(where),
                     "its offset is " + std::to_string(offset) + " and its length " + std::to_string(bytes), todo};
    const bool aligned = offset % kIoAlignment == 0 && bytes % kIoAlignment == 0 &&
                         reinterpret_cast<uintptr_t>(address) % kIoAlignment == 0;
    if (caching == Caching::Direct && !aligned && bytes > 0)
        return Error{ErrorCode::Internal, "A request of direct file access is not aligned", pathText(where),
                     "its offset is " + std::to_string(offset) + " and its length " + std::to_string(bytes), todo};
    return {};
}

}  // namespace gsst
