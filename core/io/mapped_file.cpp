// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/mapped_file.h"

#include "io/io_error.h"

#include <utility>

namespace gsst {

MappedFile::MappedFile(std::filesystem::path path) : m_path(std::move(path)) {}

MappedFile::MappedFile(MappedFile&& other) noexcept {
    takeFrom(other);
}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
    if (this != &other) {
        close();
        takeFrom(other);
    }
    return *this;
}

MappedFile::~MappedFile() {
    close();
}

void MappedFile::takeFrom(MappedFile& other) {
    m_path = std::move(other.m_path);
    m_handle = std::exchange(other.m_handle, -1);
    m_data = std::exchange(other.m_data, nullptr);
    m_size = std::exchange(other.m_size, 0);
}

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
    MappedFile file(path);
    GSST_TRY(file.map());
    return file;
}

Status MappedFile::copy(uint64_t offset, std::span<std::byte> into) const {
    if (offset > m_size || into.size() > m_size - offset)
        return fileEndsEarly(m_path, offset, into.size());
    const Status copied = transfer(offset, into);
    // Asked afterwards, and whatever came of the copy: behind a new end within a page, memory is zeros and not an
    // error.
    GSST_ASSIGN(const uint64_t now, currentSize());
    if (now != m_size)
        return Error{ErrorCode::Corrupt, "The file was changed while it was in use", pathText(m_path),
                     "it had " + std::to_string(m_size) + " bytes and now has " + std::to_string(now),
                     "Restore the file from a copy, and keep other programs away from it"};
    return copied;
}

}  // namespace gsst
