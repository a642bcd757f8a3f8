// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/file.h"

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

namespace gsst {

/// A HANDLE of Windows, closed with the object.
class WindowsHandle {
public:
    explicit WindowsHandle(void* handle) : m_handle(handle) {}
    WindowsHandle(WindowsHandle&& other) noexcept : m_handle(std::exchange(other.m_handle, nullptr)) {}
    WindowsHandle& operator=(WindowsHandle&&) = delete;
    ~WindowsHandle();

    void* get() const { return m_handle; }
    bool valid() const;

private:
    void* m_handle;
};

/// An error number of GetLastError() as an Error; see ioError().
Error windowsError(std::string what, const std::filesystem::path& where, unsigned long number);

Result<std::unique_ptr<File>> openWindowsFile(const std::filesystem::path& path, OpenMode mode, Caching caching);

}  // namespace gsst
