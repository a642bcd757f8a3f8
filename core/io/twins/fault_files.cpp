// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/twins/fault_files.h"

#include "io/aligned_buffer.h"
#include "io/io_error.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace gsst {

namespace {

namespace fs = std::filesystem;

/// What a rule decides for one call.
struct Verdict {
    Fault fault = Fault::Fail;
    uint64_t corruptByte = 0;
};

/// The error of a spoiled call, or success for a dropped one.
Status reported(const Verdict& verdict, const fs::path& path) {
    constexpr const char* kWhat = "Cannot use the file";
    if (verdict.fault == Fault::Drop)
        return {};
    const std::errc reason = verdict.fault == Fault::NoSpace ? std::errc::no_space_on_device : std::errc::io_error;
    return ioError(kWhat, path, std::make_error_code(reason));
}

/// Half of a request, in whole blocks where the file wants them.
size_t halfOf(size_t bytes, Caching caching) {
    const size_t half = bytes / 2;
    return caching == Caching::Direct ? half / kIoAlignment * kIoAlignment : half;
}

void flipBit(std::span<std::byte> bytes, uint64_t position) {
    if (!bytes.empty())
        bytes[position % bytes.size()] ^= std::byte{1};
}

}  // namespace

class FaultFiles::Rules {
public:
    void add(FaultRule rule) {
        const std::lock_guard lock(m_mutex);
        m_rules.push_back({std::move(rule), 0});
    }

    void clear() {
        const std::lock_guard lock(m_mutex);
        m_rules.clear();
    }

    /// Counts the call for every rule it matches; the first rule whose turn it is decides.
    std::optional<Verdict> judge(FileCall call, const fs::path& path, const fs::path& other = {}) {
        const std::string names[] = {pathText(path), pathText(other)};
        const std::lock_guard lock(m_mutex);
        for (const std::string& name : names)
            if (!name.empty())
                ++m_calls[{call, name}];
        std::optional<Verdict> verdict;
        for (Active& active : m_rules) {
            const FaultRule& rule = active.rule;
            const bool matches = std::any_of(std::begin(names), std::end(names), [&](const std::string& name) {
                return !name.empty() && name.ends_with(rule.pathSuffix);
            });
            if (rule.call != call || !matches)
                continue;
            ++active.seen;
            if (!verdict && active.seen >= rule.nth && active.seen - rule.nth < rule.count)
                verdict = Verdict{rule.fault, rule.corruptByte};
        }
        m_fired += verdict ? 1 : 0;
        return verdict;
    }

    int fired() const {
        const std::lock_guard lock(m_mutex);
        return m_fired;
    }

    int calls(FileCall call, const std::string& pathSuffix) const {
        const std::lock_guard lock(m_mutex);
        int sum = 0;
        for (const auto& [key, count] : m_calls)
            sum += key.first == call && key.second.ends_with(pathSuffix) ? count : 0;
        return sum;
    }

private:
    struct Active {
        FaultRule rule;
        int seen = 0;
    };

    mutable std::mutex m_mutex;
    std::vector<Active> m_rules;                              // guarded by m_mutex
    std::map<std::pair<FileCall, std::string>, int> m_calls;  // guarded by m_mutex
    int m_fired = 0;                                          // guarded by m_mutex
};

class FaultFiles::FaultFile final : public ForwardingFile {
public:
    FaultFile(std::unique_ptr<File> inner, std::shared_ptr<Rules> rules)
        : ForwardingFile(std::move(inner)), m_rules(std::move(rules)) {}

    Status read(uint64_t offset, std::span<std::byte> into) override {
        const auto verdict = m_rules->judge(FileCall::Read, path());
        if (!verdict)
            return inner().read(offset, into);
        if (verdict->fault == Fault::Short) {
            GSST_TRY(inner().read(offset, into.first(halfOf(into.size(), caching()))));
            return fileEndsEarly(path(), offset, into.size());
        }
        if (verdict->fault == Fault::Corrupt) {
            GSST_TRY(inner().read(offset, into));
            flipBit(into, verdict->corruptByte);
            return {};
        }
        return reported(*verdict, path());
    }

    Status write(uint64_t offset, std::span<const std::byte> from) override {
        const auto verdict = m_rules->judge(FileCall::Write, path());
        if (!verdict)
            return inner().write(offset, from);
        if (verdict->fault == Fault::Corrupt)
            return writeCorrupted(offset, from, verdict->corruptByte);
        if (verdict->fault == Fault::Short || verdict->fault == Fault::NoSpace)
            GSST_TRY(inner().write(offset, from.first(halfOf(from.size(), caching()))));
        return reported(*verdict, path());
    }

    Status sync() override {
        return spoiledOr(FileCall::Sync, [this] { return inner().sync(); });
    }
    Status reserve(uint64_t bytes) override {
        return spoiledOr(FileCall::Reserve, [&] { return inner().reserve(bytes); });
    }
    Status truncate(uint64_t bytes) override {
        return spoiledOr(FileCall::Truncate, [&] { return inner().truncate(bytes); });
    }

private:
    template <typename Action>
    Status spoiledOr(FileCall call, Action action) {
        const auto verdict = m_rules->judge(call, path());
        return verdict ? reported(*verdict, path()) : action();
    }

    Status writeCorrupted(uint64_t offset, std::span<const std::byte> from, uint64_t position) {
        GSST_ASSIGN(const AlignedBuffer copy, AlignedBuffer::create(from.size()));
        const std::span<std::byte> bytes = copy.span().first(from.size());
        std::copy(from.begin(), from.end(), bytes.begin());
        flipBit(bytes, position);
        return inner().write(offset, bytes);
    }

    std::shared_ptr<Rules> m_rules;
};

FaultFiles::FaultFiles(FileSystem& inner) : ForwardingFiles(inner), m_rules(std::make_shared<Rules>()) {}

void FaultFiles::add(FaultRule rule) {
    m_rules->add(std::move(rule));
}
void FaultFiles::clear() {
    m_rules->clear();
}
int FaultFiles::fired() const {
    return m_rules->fired();
}
int FaultFiles::calls(FileCall call, const std::string& pathSuffix) const {
    return m_rules->calls(call, pathSuffix);
}

Result<std::unique_ptr<File>> FaultFiles::open(const fs::path& path, OpenMode mode, Caching caching) {
    if (auto verdict = m_rules->judge(FileCall::Open, path)) {
        if (verdict->fault == Fault::Drop)
            verdict->fault = Fault::Fail;
        return reported(*verdict, path).error();
    }
    GSST_ASSIGN(auto file, inner().open(path, mode, caching));
    return std::unique_ptr<File>(std::make_unique<FaultFile>(std::move(file), m_rules));
}

Status FaultFiles::remove(const fs::path& path) {
    const auto verdict = m_rules->judge(FileCall::Remove, path);
    return verdict ? reported(*verdict, path) : inner().remove(path);
}

Status FaultFiles::rename(const fs::path& from, const fs::path& to) {
    const auto verdict = m_rules->judge(FileCall::Rename, from, to);
    return verdict ? reported(*verdict, from) : inner().rename(from, to);
}

Status FaultFiles::syncFolder(const fs::path& folder) {
    const auto verdict = m_rules->judge(FileCall::SyncFolder, folder);
    return verdict ? reported(*verdict, folder) : inner().syncFolder(folder);
}

Result<std::unique_ptr<FileLock>> FaultFiles::lock(const fs::path& path) {
    if (auto verdict = m_rules->judge(FileCall::Lock, path)) {
        if (verdict->fault == Fault::Drop)
            verdict->fault = Fault::Fail;
        return reported(*verdict, path).error();
    }
    return inner().lock(path);
}

}  // namespace gsst
