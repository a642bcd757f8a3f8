// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gsst {

/// Turns the bytes of one file, pushed piece by piece, into clean text: valid UTF-8 (what is not becomes U+FFFD), LF
/// for CRLF (a lone CR stays), no byte order mark. The result does not depend on where the pieces were cut.
class TextCleaner {
public:
    /// Appends the clean text of `bytes` to `out`; up to 3 bytes are held back until the next call.
    void push(std::string_view bytes, std::string& out);
    /// Call once after the last piece: a character cut off by the end of the file is invalid.
    void finish(std::string& out);

    uint64_t invalidBytes() const { return m_invalidBytes; }
    /// Offset in the file of the first invalid byte.
    std::optional<uint64_t> firstInvalid() const { return m_firstInvalid; }

private:
    size_t clean(std::string_view bytes, std::string& out, bool last);
    void noteInvalid(uint64_t offset, size_t bytes, std::string& out);

    std::string m_held;
    uint64_t m_offset = 0;  ///< in the file, of the first byte not yet cleaned
    uint64_t m_invalidBytes = 0;
    std::optional<uint64_t> m_firstInvalid;
};

}  // namespace gsst
