// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/units.h"
#include "io/file.h"
#include "io/io_error.h"

namespace gsst {

namespace {

Status writeAndSync(FileSystem& files, const std::filesystem::path& path, std::string_view text) {
    GSST_ASSIGN(const auto file, files.open(path, OpenMode::Create, Caching::Buffered));
    GSST_TRY(file->truncate(0));  // a crash may have left an earlier one
    GSST_TRY(file->write(0, std::as_bytes(std::span(text))));
    return file->sync();
}

}  // namespace

Result<std::string> readText(FileSystem& files, const std::filesystem::path& path, uint64_t limit) {
    GSST_ASSIGN(const auto file, files.open(path, OpenMode::Read, Caching::Buffered));
    GSST_ASSIGN(const uint64_t size, file->size());
    if (size > limit)
        return Error{ErrorCode::Corrupt, "Cannot read the file as text", pathText(path),
                     "it has " + formatBytes(size) + " where at most " + formatBytes(limit) + " are expected",
                     "Check that this is the right file"};
    std::string text(size, '\0');
    GSST_TRY(file->read(0, std::as_writable_bytes(std::span(text))));
    return text;
}

Status writeTextAtomically(FileSystem& files, const std::filesystem::path& path, std::string_view text) {
    std::filesystem::path temporary = path;
    temporary += ".tmp";
    Status written = writeAndSync(files, temporary, text);
    if (written.ok())
        written = files.rename(temporary, path);
    if (!written.ok()) {
        // The first error is the one that matters; a leftover is overwritten next time.
        static_cast<void>(files.remove(temporary));
        return written;
    }
    const std::filesystem::path folder = path.parent_path();
    return files.syncFolder(folder.empty() ? std::filesystem::path(".") : folder);
}

}  // namespace gsst
