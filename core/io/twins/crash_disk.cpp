// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/twins/crash_disk.h"

#include "base/philox.h"
#include "io/path_key.h"

#include <algorithm>
#include <utility>

namespace gsst {

namespace fs = std::filesystem;

namespace {

bool related(const fs::path& a, const fs::path& b) {
    return !a.empty() && !b.empty() && (isAtOrBelow(a, b) || isAtOrBelow(b, a));
}

}  // namespace

void CrashDisk::created(const fs::path& path, std::shared_ptr<CrashNode> node) {
    m_changes.push_back({Kind::Create, {}, path, std::move(node)});
}

void CrashDisk::removed(const fs::path& path) {
    m_changes.push_back({Kind::Remove, path, {}, nullptr});
}

void CrashDisk::fileMoved(const fs::path& from, const fs::path& to, std::shared_ptr<CrashNode> node) {
    m_changes.push_back({Kind::MoveFile, from, to, std::move(node)});
}

void CrashDisk::folderMoved(const fs::path& from, const fs::path& to) {
    m_changes.push_back({Kind::MoveFolder, from, to, nullptr});
}

void CrashDisk::folderMade(const fs::path& path) {
    m_changes.push_back({Kind::MakeFolder, {}, path, nullptr});
}

bool CrashDisk::Change::concerns(const fs::path& folder) const {
    return (!from.empty() && parentOf(from) == folder) || (!to.empty() && parentOf(to) == folder);
}

bool CrashDisk::Change::touches(const Change& other) const {
    return related(from, other.from) || related(from, other.to) || related(to, other.from) || related(to, other.to);
}

void CrashDisk::syncFolder(const fs::path& folder) {
    // Backwards, so that a change takes along the earlier ones of the same names: a file renamed out of a folder that
    // was never synced must not appear under its old name as well.
    std::vector<Change> kept, synced;
    for (auto change = m_changes.rbegin(); change != m_changes.rend(); ++change) {
        const bool needed =
            std::any_of(synced.begin(), synced.end(), [&](const Change& later) { return change->touches(later); });
        (needed || change->concerns(folder) ? synced : kept).push_back(*change);
    }
    for (auto change = synced.rbegin(); change != synced.rend(); ++change)
        apply(*change);
    m_changes.assign(kept.rbegin(), kept.rend());
}

void CrashDisk::crash(uint64_t seed) {
    constexpr uint64_t kNamesStream = 0;  // files draw from the stream of their id
    const size_t kept = randomBits(seed, kNamesStream, 0) % (m_changes.size() + 1);
    for (size_t i = 0; i < m_changes.size(); ++i)
        if (i < kept || m_changes[i].kind == Kind::MakeFolder)
            apply(m_changes[i]);
    m_changes.clear();
}

void CrashDisk::apply(const Change& change) {
    switch (change.kind) {
    case Kind::Create:
        m_names[change.to] = change.node;
        break;
    case Kind::Remove:
        m_names.erase(change.from);
        m_folders.erase(change.from);
        break;
    case Kind::MoveFile:
        m_names.erase(change.from);
        m_names[change.to] = change.node;
        break;
    case Kind::MoveFolder:
        applyFolderMove(change);
        break;
    case Kind::MakeFolder:
        for (fs::path folder = change.to; !folder.empty(); folder = parentOf(folder))
            m_folders.insert(folder);
        break;
    }
}

void CrashDisk::applyFolderMove(const Change& change) {
    Names names;
    for (const auto& [key, node] : m_names)
        names[isAtOrBelow(key, change.from) ? movedKey(key, change.from, change.to) : key] = node;
    std::set<fs::path> folders;
    for (const fs::path& key : m_folders)
        folders.insert(isAtOrBelow(key, change.from) ? movedKey(key, change.from, change.to) : key);
    m_names = std::move(names);
    m_folders = std::move(folders);
}

}  // namespace gsst
