// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "io/file.h"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace gsst {

/// A JSON array that grows in a file: the array form of Chrome's trace format. A thread of its own writes, a few times
/// a second, and each write ends with the closing bracket that the next one replaces: the file is valid JSON at any
/// time, also after a kill. What waits to be written takes a few MiB at most.
class TraceFile {
public:
    /// Creates the file, or empties one that is a trace already; anything else that is there is not touched
    /// (InvalidInput). `clock` says when to write; it must outlive the trace.
    static Result<std::unique_ptr<TraceFile>> create(FileSystem& files, const std::filesystem::path& path,
                                                     Clock& clock = systemClock());
    ~TraceFile();  ///< finish()
    TraceFile(const TraceFile&) = delete;
    TraceFile& operator=(const TraceFile&) = delete;

    /// Appends one JSON object. Never waits: an object is left out when the drive does not keep up, or the file has
    /// failed. Any thread.
    void add(std::string_view object);
    /// The same, but waits until the drive has kept up.
    void addPatiently(std::string_view object);
    /// Writes what is left and closes the file. Nothing can be added after it. The first error of all writes: what was
    /// written before it stands.
    Status finish();
    bool failed() const;
    int64_t leftOut() const;  ///< objects, because the drive did not keep up
    const std::filesystem::path& path() const { return m_path; }

private:
    TraceFile(std::filesystem::path path, std::unique_ptr<File> file, Clock& clock);
    void append(std::string_view object);
    void work();
    Status write(std::string_view text);

    const std::filesystem::path m_path;
    std::unique_ptr<File> m_file;
    Clock& m_clock;
    uint64_t m_end = 0;  ///< of the last object; the closing bracket follows. The writer's alone once it runs

    mutable std::mutex m_mutex;
    std::condition_variable m_changed;
    std::string m_waiting;
    bool m_empty = true;
    bool m_ending = false;
    int64_t m_leftOut = 0;
    Status m_status;
    std::thread m_writer;  ///< last: it uses everything above
};

}  // namespace gsst
