// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/twins/memory_file.h"

#include "base/units.h"
#include "io/io_error.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <utility>

namespace gsst {

namespace {

class MemoryFile final : public File {
public:
    MemoryFile(std::filesystem::path path, OpenMode mode, Caching caching, std::shared_ptr<MemoryContent> content)
        : m_path(std::move(path)), m_mode(mode), m_caching(caching), m_content(std::move(content)) {}

    const std::filesystem::path& path() const override { return m_path; }
    Caching caching() const override { return m_caching; }
    Result<uint64_t> size() const override { return m_content->size(); }

    Status read(uint64_t offset, std::span<std::byte> into) override {
        GSST_TRY(checkRequest(m_path, m_caching, offset, into.data(), into.size()));
        return m_content->read(offset, into) ? Status() : Status(fileEndsEarly(m_path, offset, into.size()));
    }

    Status write(uint64_t offset, std::span<const std::byte> from) override {
        GSST_TRY(checkRequest(m_path, m_caching, offset, from.data(), from.size()));
        GSST_TRY(checkWritable());
        return m_content->write(offset, from) ? Status() : Status(full("Cannot write to the file"));
    }

    Status sync() override { return {}; }
    Status reserve(uint64_t bytes) override { return setSize("Cannot reserve space for the file", bytes); }
    Status truncate(uint64_t bytes) override { return setSize("Cannot set the size of the file", bytes); }

private:
    Status checkWritable() const {
        if (m_mode != OpenMode::Read)
            return {};
        return ioError("Cannot write to the file", m_path, std::make_error_code(std::errc::bad_file_descriptor));
    }

    Error full(const char* what) const {
        return noSpace(what, m_path, "the disk has " + formatBytes(m_content->spaceLeft()) + " left");
    }

    Status setSize(const char* what, uint64_t bytes) {
        GSST_TRY(checkWritable());
        return m_content->resize(bytes) ? Status() : Status(full(what));
    }

    std::filesystem::path m_path;
    OpenMode m_mode;
    Caching m_caching;
    std::shared_ptr<MemoryContent> m_content;
};

}  // namespace

bool MemoryCapacity::take(uint64_t bytes) {
    uint64_t left = m_left;
    while (left >= bytes)
        if (m_left.compare_exchange_weak(left, left - bytes))
            return true;
    return false;
}

uint64_t MemoryContent::size() const {
    const std::shared_lock lock(m_mutex);
    return m_bytes.size();
}

bool MemoryContent::read(uint64_t offset, std::span<std::byte> into) const {
    const std::shared_lock lock(m_mutex);
    if (into.empty())
        return true;
    if (offset > m_bytes.size() || into.size() > m_bytes.size() - offset)
        return false;
    std::copy_n(m_bytes.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
    return true;
}

bool MemoryContent::write(uint64_t offset, std::span<const std::byte> from) {
    const std::unique_lock lock(m_mutex);
    if (from.empty())
        return true;
    if (offset + from.size() > m_bytes.size() && !resizeLocked(offset + from.size()))
        return false;
    std::copy(from.begin(), from.end(), m_bytes.begin() + static_cast<std::ptrdiff_t>(offset));
    return true;
}

bool MemoryContent::resize(uint64_t bytes) {
    const std::unique_lock lock(m_mutex);
    return resizeLocked(bytes);
}

/// Caller holds m_mutex.
bool MemoryContent::resizeLocked(uint64_t bytes) {
    const uint64_t before = m_bytes.size();
    if (bytes > before && !m_capacity->take(bytes - before))
        return false;
    try {
        m_bytes.resize(bytes);
    } catch (const std::exception&) {  // bad_alloc or length_error: the RAM is the disk here
        m_capacity->give(bytes - before);
        return false;
    }
    if (bytes < before)
        m_capacity->give(before - bytes);
    return true;
}

std::unique_ptr<File> makeMemoryFile(std::filesystem::path path, OpenMode mode, Caching caching,
                                     std::shared_ptr<MemoryContent> content) {
    return std::make_unique<MemoryFile>(std::move(path), mode, caching, std::move(content));
}

}  // namespace gsst
