// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/os_folders.h"

#include "io/io_error.h"

#include <algorithm>
#include <system_error>

namespace gsst {

namespace fs = std::filesystem;

bool OsFolders::exists(const fs::path& path) {
    std::error_code code;
    return fs::exists(path, code);
}

Result<std::vector<DirectoryEntry>> OsFolders::list(const fs::path& folder) {
    std::error_code code;
    std::vector<DirectoryEntry> entries;
    for (fs::directory_iterator it(folder, code), end; !code && it != end; it.increment(code)) {
        std::error_code entryCode;  // an entry may vanish while it is looked at: then it has no size
        DirectoryEntry entry{it->path(), it->is_directory(entryCode), 0};
        if (it->is_regular_file(entryCode)) {
            const uint64_t size = it->file_size(entryCode);
            entry.size = entryCode ? 0 : size;
        }
        entries.push_back(std::move(entry));
    }
    if (code)
        return ioError("Cannot list the folder", folder, code);
    std::sort(entries.begin(), entries.end(), [](const DirectoryEntry& a, const DirectoryEntry& b) {
        return a.path.filename().native() < b.path.filename().native();
    });
    return entries;
}

Status OsFolders::makeFolders(const fs::path& folder) {
    std::error_code code;
    fs::create_directories(folder, code);
    if (!code && !fs::is_directory(folder, code) && !code)
        code = std::make_error_code(std::errc::file_exists);
    return code ? Status(ioError("Cannot make the folder", folder, code)) : Status();
}

Status OsFolders::remove(const fs::path& path) {
    std::error_code code;
    fs::remove(path, code);
    // A path below a file is missing as well.
    if (!code || code == std::errc::not_a_directory)
        return {};
    std::error_code ignored;  // not every operating system gives this reason itself
    if (fs::is_directory(path, ignored) && !fs::is_empty(path, ignored) && !ignored)
        code = std::make_error_code(std::errc::directory_not_empty);
    return ioError("Cannot remove", path, code);
}

}  // namespace gsst
