// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/jsonl_log.h"

#include "io/io_error.h"

#include <algorithm>
#include <utility>

namespace gsst {

namespace {

constexpr uint64_t kPieceBytes = 64 << 10;
constexpr size_t kLongestLine = 1 << 20;

std::span<std::byte> bytesOf(std::string& text) {
    return std::as_writable_bytes(std::span(text));
}

/// Puts pieces of a file together to lines.
class LineSplitter {
public:
    explicit LineSplitter(const std::function<void(std::string_view)>& take) : m_take(take) {}

    void add(std::string_view piece) {
        for (size_t end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
            grow(piece.substr(0, end));
            if (!m_bad)
                m_take(m_line);
            m_line.clear();
            m_bad = false;
            piece.remove_prefix(end + 1);
        }
        grow(piece);
    }

private:
    void grow(std::string_view part) {
        m_bad = m_bad || m_line.size() + part.size() > kLongestLine || part.find('\0') != std::string_view::npos;
        if (!m_bad)
            m_line += part;
    }

    const std::function<void(std::string_view)>& m_take;
    std::string m_line;
    bool m_bad = false;
};

}  // namespace

Result<std::unique_ptr<JsonlLog>> JsonlLog::open(FileSystem& files, const std::filesystem::path& path) {
    GSST_ASSIGN(auto file, files.open(path, OpenMode::Create, Caching::Buffered));
    GSST_ASSIGN(const uint64_t size, file->size());
    std::unique_ptr<JsonlLog> log(new JsonlLog(std::move(file)));
    GSST_ASSIGN(log->m_length, log->endOfLineBefore(size));
    log->m_remnants = log->m_length < size;
    return log;
}

Status JsonlLog::append(std::string_view line) {
    if (line.find('\n') != std::string_view::npos)
        return Error{ErrorCode::Internal, "A line of a log has a line break in it", pathText(m_file->path()), "",
                     "Please report this as a defect, with the log"};
    if (m_remnants)
        GSST_TRY(cut(m_length));
    const std::string text = std::string(line) + '\n';
    m_remnants = true;
    if (Status written = m_file->write(m_length, std::as_bytes(std::span(text))); !written.ok()) {
        static_cast<void>(cut(m_length));  // so that other readers see whole lines too; else the next append cuts
        return written;
    }
    m_remnants = false;
    m_length += text.size();
    return {};
}

Status JsonlLog::flush() {
    return m_file->sync();
}

Status JsonlLog::truncateTo(uint64_t length) {
    GSST_ASSIGN(const uint64_t end, endOfLineBefore(std::min(length, m_length)));
    if (end == m_length && !m_remnants)
        return {};
    return cut(end);
}

Status JsonlLog::cut(uint64_t length) {
    GSST_TRY(m_file->truncate(length));
    m_length = length;
    m_remnants = false;
    return {};
}

/// The largest length up to `length` that ends with a line.
Result<uint64_t> JsonlLog::endOfLineBefore(uint64_t length) {
    std::string piece;
    for (uint64_t end = length; end > 0;) {
        const uint64_t start = end - std::min(end, kPieceBytes);
        piece.resize(end - start);
        GSST_TRY(m_file->read(start, bytesOf(piece)));
        if (const size_t lineBreak = piece.rfind('\n'); lineBreak != std::string::npos)
            return start + lineBreak + 1;
        end = start;
    }
    return uint64_t{0};
}

Status readLines(FileSystem& files, const std::filesystem::path& path,
                 const std::function<void(std::string_view)>& take) {
    if (!files.exists(path))
        return {};
    GSST_ASSIGN(const auto file, files.open(path, OpenMode::Read, Caching::Buffered));
    GSST_ASSIGN(const uint64_t size, file->size());
    LineSplitter lines(take);
    std::string piece;
    for (uint64_t start = 0; start < size; start += piece.size()) {
        piece.resize(std::min(size - start, kPieceBytes));
        const Status read = file->read(start, bytesOf(piece));
        if (!read.ok() && read.error().code == ErrorCode::Corrupt)
            return {};  // cut shorter by its writer in the meantime
        GSST_TRY(read);
        lines.add(piece);
    }
    return {};
}

}  // namespace gsst
