// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "data/text_cleaner.h"
#include "io/file.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace gsst {

/// What is done to the bytes of a file.
enum class TextMode {
    Utf8,     ///< cleaned as TextCleaner says
    RawBytes  ///< taken as they are
};

/// Reads one text file from front to end in pieces of at most kTextPieceBytes; memory does not grow with the file.
/// In Utf8 mode a piece ends after a line feed where the text has one, else before a space, else between two
/// characters, so that a tokenizer sees whole lines. Both modes refuse NUL bytes (InvalidInput naming the place). One
/// thread at a time.
class TextReader {
public:
    static constexpr size_t kTextPieceBytes = 1u << 20;

    static Result<TextReader> open(FileSystem& files, const std::filesystem::path& path, TextMode mode);

    /// The next piece, valid until the next call; empty at the end of the file.
    Result<std::string_view> next();

    uint64_t fileBytes() const { return m_size; }
    uint64_t bytesRead() const { return m_offset; }
    uint64_t invalidBytes() const { return m_cleaner.invalidBytes(); }
    std::optional<uint64_t> firstInvalid() const { return m_cleaner.firstInvalid(); }

private:
    TextReader(std::unique_ptr<File> file, uint64_t size, TextMode mode);
    Status fill();
    size_t pieceEnd() const;

    std::unique_ptr<File> m_file;
    uint64_t m_size = 0;
    uint64_t m_offset = 0;
    TextMode m_mode;
    bool m_finished = false;
    std::string m_raw;   ///< the last block read
    std::string m_text;  ///< text not yet handed out, after m_handed bytes that were
    size_t m_handed = 0;
    TextCleaner m_cleaner;
};

}  // namespace gsst
