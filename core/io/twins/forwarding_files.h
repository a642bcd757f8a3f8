// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/file.h"

#include <utility>

namespace gsst {

/// A File that hands every call on to another one: a base for twins, which override what they change. It has no
/// nativeHandle(): an engine that hands requests to the kernel would pass the twin by.
class ForwardingFile : public File {
public:
    explicit ForwardingFile(std::unique_ptr<File> inner) : m_inner(std::move(inner)) {}

    const std::filesystem::path& path() const override { return m_inner->path(); }
    Caching caching() const override { return m_inner->caching(); }
    Result<uint64_t> size() const override { return m_inner->size(); }
    Status read(uint64_t offset, std::span<std::byte> into) override { return m_inner->read(offset, into); }
    Status write(uint64_t offset, std::span<const std::byte> from) override { return m_inner->write(offset, from); }
    Status sync() override { return m_inner->sync(); }
    Status reserve(uint64_t bytes) override { return m_inner->reserve(bytes); }
    Status truncate(uint64_t bytes) override { return m_inner->truncate(bytes); }

protected:
    File& inner() { return *m_inner; }

private:
    std::unique_ptr<File> m_inner;
};

/// A FileSystem that hands every call on to `inner`, which must outlive it: a base for twins, which override what they
/// change. As thread-safe as `inner`.
class ForwardingFiles : public FileSystem {
public:
    explicit ForwardingFiles(FileSystem& inner) : m_inner(inner) {}

    Result<std::unique_ptr<File>> open(const std::filesystem::path& path, OpenMode mode, Caching caching) override {
        return m_inner.open(path, mode, caching);
    }
    bool exists(const std::filesystem::path& path) override { return m_inner.exists(path); }
    Result<std::vector<DirectoryEntry>> list(const std::filesystem::path& folder) override {
        return m_inner.list(folder);
    }
    Status makeFolders(const std::filesystem::path& folder) override { return m_inner.makeFolders(folder); }
    Status remove(const std::filesystem::path& path) override { return m_inner.remove(path); }
    Status rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
        return m_inner.rename(from, to);
    }
    Status syncFolder(const std::filesystem::path& folder) override { return m_inner.syncFolder(folder); }
    Result<uint64_t> freeSpace(const std::filesystem::path& folder) override { return m_inner.freeSpace(folder); }
    Result<std::unique_ptr<FileLock>> lock(const std::filesystem::path& path) override { return m_inner.lock(path); }

protected:
    FileSystem& inner() { return m_inner; }

private:
    FileSystem& m_inner;
};

}  // namespace gsst
