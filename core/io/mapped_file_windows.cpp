// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/mapped_file.h"

#include "io/io_error.h"

#ifndef NOMINMAX
#define NOMINMAX
#endif
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <utility>

namespace gsst {
namespace {

Error mapError(const std::filesystem::path& path) {
    return ioError("Cannot map the file", path,
                   std::error_code(static_cast<int>(GetLastError()), std::system_category()));
}

struct Handle {
    explicit Handle(HANDLE handle) : value(handle) {}
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() {
        if (good())
            CloseHandle(value);
    }
    bool good() const { return value != nullptr && value != INVALID_HANDLE_VALUE; }
    HANDLE value;
};

} // namespace

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
    const Handle file(CreateFileW(path.c_str(), GENERIC_READ, FILE_SHARE_READ, nullptr, OPEN_EXISTING,
                                  FILE_ATTRIBUTE_NORMAL, nullptr));
    LARGE_INTEGER size{};
    if (!file.good() || !GetFileSizeEx(file.value, &size))
        return mapError(path);
    if (size.QuadPart == 0)
        return MappedFile(nullptr, 0);
    // The view keeps the mapping and the file alive after their handles are closed.
    const Handle mapping(CreateFileMappingW(file.value, nullptr, PAGE_READONLY, 0, 0, nullptr));
    void* data = mapping.good() ? MapViewOfFile(mapping.value, FILE_MAP_READ, 0, 0, 0) : nullptr;
    if (!data)
        return mapError(path);
    return MappedFile(static_cast<const std::byte*>(data), static_cast<size_t>(size.QuadPart));
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : m_data(std::exchange(other.m_data, nullptr)), m_size(std::exchange(other.m_size, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
    if (this != &other) {
        close();
        m_data = std::exchange(other.m_data, nullptr);
        m_size = std::exchange(other.m_size, 0);
    }
    return *this;
}

MappedFile::~MappedFile() {
    close();
}

void MappedFile::close() {
    if (m_data)
        UnmapViewOfFile(m_data);
    m_data = nullptr;
    m_size = 0;
}

} // namespace gsst
