// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "io/file.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace gsst {

/// A text file that grows line by line (metrics.jsonl, samples.jsonl). A line torn by a crash is never seen again. One
/// thread.
class JsonlLog {
public:
    /// Opens `path`, or makes it. The end of the log is behind the last whole line.
    static Result<std::unique_ptr<JsonlLog>> open(FileSystem& files, const std::filesystem::path& path);

    /// Writes `line` (without a line break in it) and its line break, at once. After an error the log is as long as
    /// before.
    Status append(std::string_view line);
    /// Makes the lines so far durable: call it before a commit whose record states length().
    Status flush();
    /// Bytes of all lines so far.
    uint64_t length() const { return m_length; }
    /// Cuts off what is behind `length` bytes, and a line that this would tear. A log that is shorter already stays as
    /// it is: its last lines were lost in a crash.
    Status truncateTo(uint64_t length);

private:
    explicit JsonlLog(std::unique_ptr<File> file) : m_file(std::move(file)) {}
    Result<uint64_t> endOfLineBefore(uint64_t length);
    Status cut(uint64_t length);

    std::unique_ptr<File> m_file;
    uint64_t m_length = 0;
    bool m_remnants = false;  ///< a failed write may have left bytes behind m_length
};

/// Calls `take` with each whole line of the file, without its line break. A torn last line is left out, and so are
/// lines over 1 MiB and lines with zero bytes, which a power loss can leave. A missing file has no lines. Safe while
/// another thread or process appends.
Status readLines(FileSystem& files, const std::filesystem::path& path,
                 const std::function<void(std::string_view)>& take);

}  // namespace gsst
