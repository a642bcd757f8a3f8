// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "io/file.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>

namespace gsst {

/// The path as UTF-8 with forward slashes, for messages.
std::string pathText(const std::filesystem::path& path);

/// The operating system's `code` as an Error with a plain reason and advice. `what` says what was tried.
Error ioError(std::string what, const std::filesystem::path& where, std::error_code code);

/// Corrupt: the file ends inside the `bytes` bytes from `offset` that were to be read.
Error fileEndsEarly(const std::filesystem::path& where, uint64_t offset, uint64_t bytes);

/// `why` names the amounts, where they are known.
Error noSpace(std::string what, const std::filesystem::path& where, std::string why);

/// The lock of `where` is taken (Busy).
Error lockedElsewhere(const std::filesystem::path& where);

/// Checks what every File demands of a request: no overflow of a signed 64-bit offset, and for Direct the alignment of
/// offset, length and address. Internal: only a defect of this program breaks it.
Status checkRequest(const std::filesystem::path& where, Caching caching, uint64_t offset, const std::byte* address,
                    size_t bytes);

}  // namespace gsst
