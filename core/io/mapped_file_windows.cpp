// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/mapped_file.h"

#include "io/io_error.h"

#ifndef NOMINMAX
#define NOMINMAX
#endif
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>

namespace gsst {

namespace {

Error mapError(const char* what, const std::filesystem::path& path) {
    return ioError(what, path, std::error_code(static_cast<int>(::GetLastError()), std::system_category()));
}

HANDLE handleOf(std::intptr_t number) {
    return reinterpret_cast<HANDLE>(number);
}

}  // namespace

Status MappedFile::map() {
    const HANDLE file = ::CreateFileW(m_path.c_str(), GENERIC_READ, FILE_SHARE_READ, nullptr, OPEN_EXISTING,
                                      FILE_ATTRIBUTE_NORMAL, nullptr);
    if (file == INVALID_HANDLE_VALUE)
        return mapError("Cannot open the file", m_path);
    m_handle = reinterpret_cast<std::intptr_t>(file);
    GSST_ASSIGN(m_size, currentSize());
    if (m_size == 0)
        return {};
    const HANDLE mapping = ::CreateFileMappingW(file, nullptr, PAGE_READONLY, 0, 0, nullptr);
    if (!mapping)
        return mapError("Cannot map the file", m_path);
    m_data = static_cast<const std::byte*>(::MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0));
    const Status mapped = m_data ? Status() : mapError("Cannot map the file", m_path);
    ::CloseHandle(mapping);  // the view keeps it alive
    return mapped;
}

/// Memory to memory, by the kernel: a page that cannot be had is an error for it, and the end for whoever touches it
/// himself.
Status MappedFile::transfer(uint64_t offset, std::span<std::byte> into) const {
    SIZE_T count = 0;
    if (into.empty() ||
        (::ReadProcessMemory(::GetCurrentProcess(), m_data + offset, into.data(), into.size(), &count) &&
         count == into.size()))
        return {};
    return ioError("Cannot read from the file", m_path, std::make_error_code(std::errc::io_error));
}

Result<uint64_t> MappedFile::currentSize() const {
    LARGE_INTEGER size{};
    if (!::GetFileSizeEx(handleOf(m_handle), &size))
        return mapError("Cannot ask for the size of the file", m_path);
    return static_cast<uint64_t>(size.QuadPart);
}

void MappedFile::close() {
    if (m_data)
        ::UnmapViewOfFile(m_data);
    if (m_handle != -1)
        ::CloseHandle(handleOf(m_handle));
    m_data = nullptr;
    m_handle = -1;
}

}  // namespace gsst
