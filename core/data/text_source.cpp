// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/text_source.h"

#include "base/cancelled.h"
#include "data/text_format.h"
#include "data/text_reader.h"
#include "data/utf8.h"
#include "io/io_error.h"

#include <algorithm>
#include <optional>
#include <set>
#include <span>

namespace gsst {
namespace {

constexpr size_t kSniffBytes = 64 * 1024;
constexpr int kDeepestFolder = 64;  ///< ends loops of symbolic links
constexpr size_t kPreviewBytes = 600;
constexpr size_t kReasonsInFull = 12;

std::optional<TextFormat> formatOf(const std::filesystem::path& path) {
    return textFormatOf(pathText(path.extension()));
}

bool isHidden(const std::filesystem::path& path) {
    return pathText(path.filename()).starts_with('.');
}

std::string reasonOf(const Error& error) {
    const std::string& reason = error.why.empty() ? error.what : error.why;
    return "cannot be read: " + reason;
}

TextFile checkFile(FileSystem& files, const std::filesystem::path& path) {
    TextFile result{path, 0, {}};
    if (!files.exists(path)) {
        result.problem = "does not exist";
        return result;
    }
    auto file = files.open(path, OpenMode::Read, Caching::Buffered);
    auto size = file.ok() ? (*file)->size() : Result<uint64_t>(file.error());
    if (!size.ok()) {
        result.problem = reasonOf(size.error());
        return result;
    }
    result.bytes = *size;
    const std::optional<TextFormat> format = formatOf(path);
    if (!format) {
        result.problem = "is not a " + textExtensions("or") + " file; rename it to .txt if it is plain text";
        return result;
    }
    std::string head(static_cast<size_t>(std::min<uint64_t>(*size, kSniffBytes)), '\0');
    if (head.empty()) {
        result.problem = "is empty";
        return result;
    }
    if (const Status status = (*file)->read(0, std::as_writable_bytes(std::span(head))); !status.ok())
        result.problem = reasonOf(status.error());
    else
        result.problem = contentProblem(*format, head);
    return result;
}

/// Whether `path` is a folder. The listing of its parent tells for certain on every file system; "." and "/" have none.
bool isFolder(FileSystem& files, const std::filesystem::path& path) {
    const std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    if (const auto siblings = files.list(parent); siblings.ok())
        for (const DirectoryEntry& entry : *siblings)
            if (entry.path.filename() == path.filename())
                return entry.isDirectory;
    return files.list(path).ok();
}

class Walk {
public:
    explicit Walk(FileSystem& files) : m_files(files) {}

    void addNamed(const std::filesystem::path& named) {
        std::filesystem::path path = named.lexically_normal();
        if (!path.has_filename() && path.has_relative_path())
            path = path.parent_path();
        if (!m_files.exists(path) || !isFolder(m_files, path)) {
            addFile(path);
            return;
        }
        m_found = false;
        m_folderProblem.clear();
        addFolder(path, 0);
        if (!m_folderProblem.empty())
            m_list.push_back({path, 0, m_folderProblem});
        else if (!m_found)
            m_list.push_back({path, 0, "is a folder without " + textExtensions("or") + " files"});
    }

    std::vector<TextFile> take() { return std::move(m_list); }

private:
    void addFile(const std::filesystem::path& path) {
        m_found = true;
        if (m_seen.insert(path).second)
            m_list.push_back(checkFile(m_files, path));
    }

    void addFolder(const std::filesystem::path& folder, int depth) {
        const auto entries = m_files.list(folder);
        if (!entries.ok()) {
            m_folderProblem = pathText(folder) + " " + reasonOf(entries.error());
            return;
        }
        for (const DirectoryEntry& entry : *entries) {
            if (isHidden(entry.path))
                continue;
            if (!entry.isDirectory && formatOf(entry.path))
                addFile(entry.path.lexically_normal());
            else if (entry.isDirectory && depth < kDeepestFolder)
                addFolder(entry.path, depth + 1);
        }
    }

    FileSystem& m_files;
    std::vector<TextFile> m_list;
    std::set<std::filesystem::path> m_seen;
    std::string m_folderProblem;
    bool m_found = false;
};

/// Reads one file to its end; false when the stop token ended it.
bool inspectFile(FileSystem& files, TextFile& file, TextInspection& inspection, const DataProgressCallback& progress,
                 uint64_t totalBytes, const std::stop_token& stop) {
    auto reader = TextReader::open(files, file.path, TextMode::Utf8);
    if (!reader.ok()) {
        file.problem = reasonOf(reader.error());
        return true;
    }
    std::string preview;
    for (;;) {
        if (stop.stop_requested())
            return false;
        const auto piece = reader->next();
        if (!piece.ok()) {
            const bool binary = piece.error().code == ErrorCode::InvalidInput;
            file.problem = binary ? "is binary: " + piece.error().why : reasonOf(piece.error());
            return true;
        }
        if (piece->empty())
            break;
        if (preview.size() < kPreviewBytes)
            preview += piece->substr(0, utf8Floor(*piece, kPreviewBytes - preview.size()));
        if (progress)
            progress({"Reading the text", inspection.usableBytes + reader->bytesRead(), totalBytes, "bytes"});
    }
    file.bytes = reader->fileBytes();
    inspection.usableBytes += file.bytes;
    if (inspection.preview.empty())
        inspection.preview = preview;
    if (reader->firstInvalid() && inspection.warning.empty())
        inspection.warning = invalidUtf8Warning(file.path, *reader->firstInvalid(), reader->invalidBytes());
    inspection.invalidUtf8Bytes += reader->invalidBytes();
    return true;
}

}  // namespace

std::vector<TextFile> listTextFiles(FileSystem& files, const std::vector<std::filesystem::path>& paths) {
    Walk walk(files);
    for (const std::filesystem::path& path : paths)
        walk.addNamed(path);
    return walk.take();
}

Status requireUsableText(const std::vector<TextFile>& files) {
    if (std::any_of(files.begin(), files.end(), [](const TextFile& file) { return file.usable(); }))
        return {};
    if (files.empty())
        return Error{ErrorCode::InvalidInput, "There is no text to train on", "", "no file or folder was named",
                     "Name at least one " + textExtensions("or") + " file, or a folder that has some"};
    std::string why;
    for (size_t i = 0; i < files.size() && i < kReasonsInFull; ++i)
        why += (i == 0 ? "" : "; ") + pathText(files[i].path) + " " + files[i].problem;
    if (files.size() > kReasonsInFull)
        why += "; and " + std::to_string(files.size() - kReasonsInFull) + " more";
    return Error{ErrorCode::InvalidInput, "None of the text can be used",
                 files.size() == 1 ? pathText(files.front().path) : std::string(), why,
                 "Name at least one " + textExtensions("or") + " file with UTF-8 text"};
}

Result<TextInspection> inspectText(FileSystem& files, const std::vector<std::filesystem::path>& paths,
                                   const DataProgressCallback& progress, std::stop_token stop) {
    TextInspection inspection;
    inspection.files = listTextFiles(files, paths);
    uint64_t total = 0;
    for (const TextFile& file : inspection.files)
        total += file.usable() ? file.bytes : 0;
    for (TextFile& file : inspection.files)
        if (file.usable() && !inspectFile(files, file, inspection, progress, total, stop))
            return cancelled("Reading the text");
    return inspection;
}

std::string invalidUtf8Warning(const std::filesystem::path& path, uint64_t offset, uint64_t bytes) {
    return std::to_string(bytes) + (bytes == 1 ? " byte of " : " bytes of ") + pathText(path) +
           (bytes == 1 ? " is" : " are") + " not UTF-8 (the first at byte " + std::to_string(offset) +
           "); the replacement character U+FFFD stands for " + (bytes == 1 ? "it" : "them");
}

}  // namespace gsst
