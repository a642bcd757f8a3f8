// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/twins/forwarding_files.h"

#include <cstdint>
#include <memory>
#include <string>

namespace gsst {

enum class FileCall { Open, Read, Write, Sync, Reserve, Truncate, Rename, Remove, SyncFolder, Lock };

enum class Fault {
    Fail,   ///< nothing is done, and the call reports an error of the drive (Io)
    Short,  ///< Read: the first half arrives, then the file ends (Corrupt). Write: the first half is written, then Io.
            ///< Else as Fail
    Corrupt,  ///< Read, Write: one bit is flipped and success reported. Else as Fail
    Drop,     ///< nothing is done and success reported (Read: the memory stays as it is). Open, Lock: as Fail
    NoSpace   ///< Write: the first half is written; then, as in every call, NoSpace is reported
};

/// Spoils the `nth` call (from 1) of kind `call` on a path that ends in `pathSuffix` (empty: any path; Rename: either
/// path), counted from when the rule was added; `count` calls in a row, the nth included.
struct FaultRule {
    FileCall call = FileCall::Read;
    Fault fault = Fault::Fail;
    std::string pathSuffix = {};
    int nth = 1;
    int count = 1;
    uint64_t corruptByte = 0;  ///< the byte of the request, modulo its length, whose lowest bit flips
};

/// A file system that spoils chosen calls of `inner`, which must outlive it. Halves of direct requests are whole
/// blocks. Thread-safe. Files may outlive it, not `inner`.
class FaultFiles : public ForwardingFiles {
public:
    explicit FaultFiles(FileSystem& inner);

    void add(FaultRule rule);
    void clear();                                                        ///< forgets all rules
    int fired() const;                                                   ///< calls spoiled so far
    int calls(FileCall call, const std::string& pathSuffix = {}) const;  ///< calls so far, spoiled or not

    Result<std::unique_ptr<File>> open(const std::filesystem::path& path, OpenMode mode, Caching caching) override;
    Status remove(const std::filesystem::path& path) override;
    Status rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
    Status syncFolder(const std::filesystem::path& folder) override;
    Result<std::unique_ptr<FileLock>> lock(const std::filesystem::path& path) override;

private:
    class Rules;
    class FaultFile;

    std::shared_ptr<Rules> m_rules;
};

}  // namespace gsst
