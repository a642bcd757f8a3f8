// SPDX-License-Identifier: GPL-3.0-or-later
#include "device/caching_pool.h"

#include "base/round_up.h"
#include "base/units.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace gsst {
namespace {

constexpr int64_t kSmallGranule = 64;
constexpr int64_t kPage = 4096;
constexpr int64_t kLargeFrom = 1 << 20;
constexpr int kProbes = 10;  ///< halvings when looking for what a source has left
constexpr int64_t kLargestRequest = std::numeric_limits<int64_t>::max() - kPage;

std::string sizeText(int64_t bytes) {
    return formatBytes(uint64_t(std::max<int64_t>(bytes, 0)));
}

Error refusal(int64_t bytes, const PoolUsage& usage, bool byLimit) {
    Error error{ErrorCode::OutOfMemory, "", "", sizeText(bytes) + " more were asked for, ", ""};
    if (byLimit) {
        error.what = "The memory limit of the device is reached";
        error.why += sizeText(usage.inUse) + " of " + sizeText(usage.limit) + " are in use";
        error.todo = "Use a smaller micro-batch or shorter sequences, or raise the limit";
    } else {
        error.what = "The system has no more memory to give";
        error.why += sizeText(usage.inUse) + " are in use by this pool";
        error.todo = "Close other programs, or use a smaller micro-batch or shorter sequences";
    }
    return error;
}

}  // namespace

struct CachingPool::State {
    explicit State(MemorySource from) : source(std::move(from)) {}

    const MemorySource source;
    mutable std::mutex mutex;
    PoolUsage usage;
    std::unordered_map<const std::byte*, int64_t> live;  ///< rounded sizes of what is given out
    std::map<int64_t, std::vector<std::byte*>> cached;   ///< free blocks by rounded size, never an empty list
    std::function<void(const PoolRefusal&)> hear;
    std::optional<PoolRefusal> refused;  ///< to be told

    using Bin = std::map<int64_t, std::vector<std::byte*>>::iterator;

    std::byte* takeCached(Bin bin) {
        std::byte* data = bin->second.back();
        bin->second.pop_back();
        if (bin->second.empty())
            cached.erase(bin);
        return data;
    }
    void drop(Bin bin) {
        const int64_t bytes = bin->first;
        source.giveBack(takeCached(bin), bytes);
        usage.held -= bytes;
    }
    void dropAll() {
        while (!cached.empty())
            drop(std::prev(cached.end()));
    }
    /// Gives back as few cached blocks as will do, so that `bytes` more may be held. Caller knows that it is possible.
    void makeRoom(int64_t bytes) {
        while (usage.limit > 0 && bytes > usage.limit - usage.held) {
            const Bin enough = cached.lower_bound(bytes - (usage.limit - usage.held));
            drop(enough != cached.end() ? enough : std::prev(cached.end()));
        }
    }
    std::byte* takeFresh(int64_t bytes) {
        makeRoom(bytes);
        std::byte* data = source.take(bytes);
        if (!data && !cached.empty()) {
            dropAll();
            data = source.take(bytes);
        }
        usage.held += data ? bytes : 0;
        return data;
    }
    Result<std::byte*> serve(int64_t bytes) {
        if (bytes < 0 || bytes > kLargestRequest)
            return refuse(bytes, usage.limit > 0);
        const int64_t rounded = roundedBytes(bytes);
        const auto bin = cached.find(rounded);
        // Subtractions on the right side only: they cannot overflow.
        if (bin == cached.end() && usage.limit > 0 && rounded > usage.limit - usage.inUse)
            return refuse(rounded, true);
        std::byte* data = bin != cached.end() ? takeCached(bin) : takeFresh(rounded);
        if (!data)
            return refuse(rounded, false);
        live.emplace(data, rounded);
        usage.inUse += rounded;
        usage.peak = std::max(usage.peak, usage.inUse);
        return data;
    }
    Error refuse(int64_t bytes, bool byLimit) {
        if (hear)
            refused = PoolRefusal{usage.inUse + std::clamp<int64_t>(bytes, 0, kLargestRequest - usage.inUse),
                                  byLimit ? usage.limit : usage.inUse + largestBlock(bytes)};
        return refusal(bytes, usage, byLimit);
    }
    /// What the source still gives in one piece, found by trying. `tooMuch` it does not give, and nothing is cached.
    int64_t largestBlock(int64_t tooMuch) {
        int64_t known = 0;
        for (int i = 0; i < kProbes; ++i) {
            const int64_t bytes = roundedBytes(known + (tooMuch - known) / 2);
            if (bytes <= known || bytes >= tooMuch)
                break;
            std::byte* data = source.take(bytes);
            if (data)
                source.giveBack(data, bytes);
            (data ? known : tooMuch) = bytes;
        }
        return known;
    }
};

CachingPool::CachingPool(int64_t limitBytes, MemorySource source)
    : m_state(std::make_unique<State>(std::move(source))) {
    m_state->usage.limit = limitBytes;
}

CachingPool::~CachingPool() {
    trim();
    for (const auto& [data, bytes] : m_state->live)
        m_state->source.giveBack(const_cast<std::byte*>(data), bytes);
}

int64_t CachingPool::roundedBytes(int64_t bytes) {
    const int64_t granule = bytes >= kLargeFrom ? kPage : kSmallGranule;
    return std::max(kSmallGranule, roundUp(std::min(bytes, kLargestRequest), granule));
}

Result<std::byte*> CachingPool::allocate(int64_t bytes) {
    std::unique_lock lock(m_state->mutex);
    auto data = m_state->serve(bytes);
    const auto refused = std::exchange(m_state->refused, std::nullopt);
    lock.unlock();
    if (refused)
        m_state->hear(*refused);
    return data;
}

void CachingPool::onRefusal(std::function<void(const PoolRefusal&)> hear) {
    const std::lock_guard lock(m_state->mutex);
    m_state->hear = std::move(hear);
}

void CachingPool::free(std::byte* data) {
    if (!data)
        return;
    const std::lock_guard lock(m_state->mutex);
    const auto found = m_state->live.find(data);
    assert(found != m_state->live.end() && "freed twice, or not from this pool");
    if (found == m_state->live.end())
        return;
    m_state->usage.inUse -= found->second;
    m_state->cached[found->second].push_back(data);
    m_state->live.erase(found);
}

bool CachingPool::owns(const std::byte* data) const {
    const std::lock_guard lock(m_state->mutex);
    return m_state->live.contains(data);
}

PoolUsage CachingPool::usage() const {
    const std::lock_guard lock(m_state->mutex);
    return m_state->usage;
}

void CachingPool::resetPeak() {
    const std::lock_guard lock(m_state->mutex);
    m_state->usage.peak = m_state->usage.inUse;
}

void CachingPool::trim() {
    const std::lock_guard lock(m_state->mutex);
    m_state->dropAll();
}

}  // namespace gsst
