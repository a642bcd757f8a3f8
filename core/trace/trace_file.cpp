// SPDX-License-Identifier: GPL-3.0-or-later
#include "trace/trace_file.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <span>
#include <utility>

namespace gsst {
namespace {

constexpr std::string_view kOpening = "[";
constexpr std::string_view kClosing = "\n]\n";
/// What the first object of a trace begins with, by which an older trace is known.
constexpr std::string_view kMark = "[\n{\"name\":\"process_name\"";
constexpr size_t kMostWaiting = size_t{4} << 20;
constexpr size_t kWorthWriting = size_t{256} << 10;
constexpr std::chrono::milliseconds kLongestWait{250};

std::span<const std::byte> bytesOf(std::string_view text) {
    return std::as_bytes(std::span(text));
}

/// Whether the file is empty or one of ours.
Result<bool> mayReplace(File& file) {
    GSST_ASSIGN(const uint64_t size, file.size());
    std::array<char, kMark.size()> start{};
    const size_t length = size_t(std::min<uint64_t>(size, start.size()));
    GSST_TRY(file.read(0, std::as_writable_bytes(std::span(start).first(length))));
    const std::string_view text(start.data(), length);
    return text.empty() || text == kMark || text == std::string(kOpening) + std::string(kClosing);
}

}  // namespace

Result<std::unique_ptr<TraceFile>> TraceFile::create(FileSystem& files, const std::filesystem::path& path,
                                                     Clock& clock) {
    auto opened = files.open(path, OpenMode::Create, Caching::Buffered);
    if (!opened.ok()) {
        Error error = std::move(opened).error();
        error.what = "The trace cannot be written";
        return error;
    }
    File& file = **opened;
    GSST_ASSIGN(const bool replaceable, mayReplace(file));
    if (!replaceable)
        return Error{ErrorCode::InvalidInput, "The trace would replace a file that is no trace", path.string(),
                     "it is there already", "Name another file with --trace"};
    GSST_TRY(file.truncate(0));
    auto trace = std::unique_ptr<TraceFile>(new TraceFile(path, std::move(*opened), clock));
    GSST_TRY(trace->write(kOpening));
    trace->m_writer = std::thread([raw = trace.get()] { raw->work(); });
    return trace;
}

TraceFile::TraceFile(std::filesystem::path path, std::unique_ptr<File> file, Clock& clock)
    : m_path(std::move(path)), m_file(std::move(file)), m_clock(clock) {}

TraceFile::~TraceFile() {
    static_cast<void>(finish().ok());
}

/// With the lock held.
void TraceFile::append(std::string_view object) {
    m_waiting += m_empty ? "\n" : ",\n";
    m_waiting += object;
    m_empty = false;
    if (m_waiting.size() >= kWorthWriting)
        m_changed.notify_all();
}

void TraceFile::add(std::string_view object) {
    const std::lock_guard lock(m_mutex);
    if (m_ending || !m_status.ok())
        return;
    if (m_waiting.size() + object.size() > kMostWaiting) {
        ++m_leftOut;
        return;
    }
    append(object);
}

void TraceFile::addPatiently(std::string_view object) {
    std::unique_lock lock(m_mutex);
    m_changed.wait(lock,
                   [&] { return m_ending || !m_status.ok() || m_waiting.size() + object.size() <= kMostWaiting; });
    if (!m_ending && m_status.ok())
        append(object);
}

void TraceFile::work() {
    for (bool last = false; !last;) {
        std::string text;
        {
            std::unique_lock lock(m_mutex);
            m_clock.waitFor(m_changed, lock, kLongestWait,
                            [this] { return m_ending || m_waiting.size() >= kWorthWriting; });
            last = m_ending;
            text.swap(m_waiting);
        }
        Status status = text.empty() ? Status() : write(text);
        const std::lock_guard lock(m_mutex);
        if (!status.ok()) {
            m_status = std::move(status);
            last = true;
        }
        m_changed.notify_all();
    }
}

/// Puts `text` in the place of the closing bracket, and the bracket behind it.
Status TraceFile::write(std::string_view text) {
    const std::string closed = std::string(text) + std::string(kClosing);
    Status status = m_file->write(m_end, bytesOf(closed));
    if (!status.ok()) {
        // The space of the old bracket is still there, even on a full disk. The error to tell is the first one.
        if (m_file->write(m_end, bytesOf(kClosing)).ok())
            static_cast<void>(m_file->truncate(m_end + kClosing.size()).ok());
        return status;
    }
    m_end += text.size();
    return {};
}

Status TraceFile::finish() {
    {
        const std::lock_guard lock(m_mutex);
        m_ending = true;
        m_changed.notify_all();
    }
    if (m_writer.joinable())
        m_writer.join();
    m_file.reset();
    return m_status;
}

bool TraceFile::failed() const {
    const std::lock_guard lock(m_mutex);
    return !m_status.ok();
}

int64_t TraceFile::leftOut() const {
    const std::lock_guard lock(m_mutex);
    return m_leftOut;
}

}  // namespace gsst
