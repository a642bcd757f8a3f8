// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/text_reader.h"

#include "io/io_error.h"

#include <algorithm>
#include <span>

namespace gsst {
namespace {

// A block of nothing but invalid bytes grows threefold; with what is held back it still stays under a piece.
constexpr size_t kBlockBytes = TextReader::kTextPieceBytes / 8;
constexpr size_t kHoldLimit = TextReader::kTextPieceBytes / 4;

}  // namespace

TextReader::TextReader(std::unique_ptr<File> file, uint64_t size, TextMode mode)
    : m_file(std::move(file)), m_size(size), m_mode(mode) {}

Result<TextReader> TextReader::open(FileSystem& files, const std::filesystem::path& path, TextMode mode) {
    GSST_ASSIGN(auto file, files.open(path, OpenMode::Read, Caching::Buffered));
    GSST_ASSIGN(const uint64_t size, file->size());
    return TextReader(std::move(file), size, mode);
}

Status TextReader::fill() {
    const size_t count = static_cast<size_t>(std::min<uint64_t>(kBlockBytes, m_size - m_offset));
    m_raw.resize(count);
    if (count > 0)
        GSST_TRY(m_file->read(m_offset, std::as_writable_bytes(std::span(m_raw))));
    if (const size_t nul = m_raw.find('\0'); nul != std::string::npos)
        return Error{ErrorCode::InvalidInput, "The file is not text", pathText(m_file->path()),
                     "byte " + std::to_string(m_offset + nul) + " is a NUL byte, which text does not have",
                     "Take this file out of the list, or save it as UTF-8 text"};
    m_offset += count;
    if (m_mode == TextMode::RawBytes)
        m_text += m_raw;
    else
        m_cleaner.push(m_raw, m_text);
    if (m_offset == m_size) {
        if (m_mode == TextMode::Utf8)
            m_cleaner.finish(m_text);
        m_finished = true;
    }
    return {};
}

size_t TextReader::pieceEnd() const {
    if (m_finished || m_mode == TextMode::RawBytes)
        return m_text.size();
    if (const size_t newline = m_text.rfind('\n'); newline != std::string::npos)
        return newline + 1;
    if (m_text.size() < kHoldLimit)
        return 0;
    // A very long line: words stay whole when the piece ends before the space that follows one.
    size_t space = m_text.rfind(' ');
    while (space != std::string::npos && space > 0 && m_text[space - 1] == ' ')
        --space;
    return space != std::string::npos && space > 0 ? space : m_text.size();
}

Result<std::string_view> TextReader::next() {
    m_text.erase(0, m_handed);
    m_handed = 0;
    while (m_handed == 0 && !m_finished) {
        GSST_TRY(fill());
        m_handed = pieceEnd();
    }
    if (m_finished)
        m_handed = m_text.size();
    return std::string_view(m_text).substr(0, m_handed);
}

}  // namespace gsst
