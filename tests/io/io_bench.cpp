// SPDX-License-Identifier: GPL-3.0-or-later
// Prints what the asynchronous engines make of a drive, next to plain reads and writes of one thread on the same file
// in the same round: GB/s and processor seconds a GB, by request size and queue depth; and the speed of the sums. All
// cases take turns in each round, since other programs may be running.
#include "base/clock.h"
#include "io/async/io_stream.h"
#include "io/async/thread_pool_io.h"
#include "io/async/uring_io.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>
#include <xxhash.h>

namespace gsst {
namespace {

constexpr size_t kMega = size_t{1} << 20;
constexpr int kRounds = 5;

/// The calling thread alone, one call after the other.
class PlainIo final : public AsyncIo {
public:
    void read(File& file, uint64_t offset, std::span<std::byte> into, Done done) override {
        done(file.read(offset, into));
    }
    void write(File& file, uint64_t offset, std::span<const std::byte> from, Done done) override {
        done(file.write(offset, from));
    }
    void run(std::function<void()> task) override { task(); }
    IoCounters counters() const override { return {}; }
};

struct Taken {
    std::vector<double> seconds;
    std::vector<double> processorSeconds;  ///< of all threads of this program
};

struct Case {
    std::string name;
    size_t requestBytes;
    int depth;
    std::unique_ptr<AsyncIo> (*make)(IoStream& stream);
    Taken read = {}, write = {};
};

double processorSeconds() {
    return double(std::clock()) / CLOCKS_PER_SEC;
}

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + std::ptrdiff_t(values.size() / 2), values.end());
    return values[values.size() / 2];
}

std::unique_ptr<AsyncIo> plain(IoStream&) {
    return std::make_unique<PlainIo>();
}
std::unique_ptr<AsyncIo> pool(IoStream&) {
    return makeThreadPoolIo({});
}
std::unique_ptr<AsyncIo> ring(IoStream&) {
    auto made = makeUringIo({});
    return made.ok() ? std::move(made).value() : nullptr;
}
std::unique_ptr<AsyncIo> registeredRing(IoStream& stream) {
    auto io = ring(stream);
    return io && io->registerBuffers(stream.memory()).ok() ? std::move(io) : nullptr;
}

std::vector<Case> cases() {
    std::vector<Case> all;
    for (const size_t bytes : {kMega / 4, kMega, 4 * kMega, 16 * kMega}) {
        const std::string size =
            bytes < kMega ? std::to_string(bytes >> 10) + " KiB" : std::to_string(bytes / kMega) + " MiB";
        all.push_back({"plain, " + size, bytes, 1, plain});
        for (const int depth : {1, 4, 16}) {
            const std::string suffix = ", " + size + " x " + std::to_string(depth);
            all.push_back({"thread pool" + suffix, bytes, depth, pool});
            all.push_back({"io_uring" + suffix, bytes, depth, ring});
            all.push_back({"io_uring, registered" + suffix, bytes, depth, registeredRing});
        }
    }
    return all;
}

Status measure(Case& each, File& file, uint64_t bytes) {
    GSST_ASSIGN(IoStream stream, IoStream::create(each.requestBytes, each.depth));
    const auto io = each.make(stream);
    if (!io)
        return {};
    for (const IoDirection direction : {IoDirection::Write, IoDirection::Read}) {
        Taken& taken = direction == IoDirection::Read ? each.read : each.write;
        const double processor = processorSeconds();
        const Stopwatch watch;
        GSST_TRY(stream.move(*io, file, direction, 0, bytes, {}, {}));
        if (direction == IoDirection::Write)
            GSST_TRY(file.sync());
        taken.seconds.push_back(watch.seconds());
        taken.processorSeconds.push_back(processorSeconds() - processor);
    }
    return {};
}

/// Ratios are of the same round, to the plain calls with the same request size there.
void print(const Case& each, const Case& reference, double gigabytes) {
    std::printf("%-40s", each.name.c_str());
    for (const auto& [mine, plains] :
         {std::pair(&each.write, &reference.write), std::pair(&each.read, &reference.read)}) {
        if (mine->seconds.empty()) {
            std::printf("   not available");
            continue;
        }
        std::vector<double> ratios;
        for (size_t round = 0; round < mine->seconds.size(); ++round)
            ratios.push_back(plains->seconds[round] / mine->seconds[round]);
        std::printf("   %6.2f GB/s %5.2fx %6.3f s/GB", gigabytes / median(mine->seconds), median(ratios),
                    median(mine->processorSeconds) / gigabytes);
    }
    std::printf("\n");
}

void printSums() {
    const size_t bytes = 64 * kMega;
    auto stream = IoStream::create(bytes, 1);
    if (!stream.ok())
        return;
    for (const size_t chunk : {kMega, 16 * kMega, bytes}) {
        std::vector<double> seconds64, seconds128;
        XXH64_hash_t all = 0;
        for (int round = 0; round < 3 * kRounds; ++round) {
            Stopwatch watch;
            for (size_t at = 0; at < bytes; at += chunk)
                all ^= XXH3_64bits(stream->memory().data() + at, chunk);
            seconds64.push_back(watch.restart());
            for (size_t at = 0; at < bytes; at += chunk)
                all ^= XXH3_128bits(stream->memory().data() + at, chunk).low64;
            seconds128.push_back(watch.restart());
        }
        std::printf("sums of %2zu MiB, one core: XXH3-64 %5.1f GB/s, XXH3-128 %5.1f GB/s (%04x)\n", chunk / kMega,
                    double(bytes) * 1e-9 / median(seconds64), double(bytes) * 1e-9 / median(seconds128),
                    unsigned(all & 0xffff));
    }
}

Status run(const std::filesystem::path& path, uint64_t bytes) {
    GSST_ASSIGN(const auto file, osFileSystem().open(path, OpenMode::Create, Caching::Direct));
    if (file->caching() != Caching::Direct)
        std::printf("This folder has no direct access: the figures are those of the page cache.\n");
    GSST_TRY(file->reserve(bytes));
    std::vector<Case> all = cases();
    PlainIo filler;
    GSST_ASSIGN(IoStream noise, IoStream::create(16 * kMega, 1));
    GSST_TRY(noise.move(filler, *file, IoDirection::Write, 0, bytes, {}, {}));
    for (int round = 0; round < kRounds; ++round)
        for (Case& each : all)
            GSST_TRY(measure(each, *file, bytes));
    std::printf("%-40s   %-31s   %s\n", "", "write and sync", "read");
    const Case* reference = nullptr;
    for (const Case& each : all) {
        reference = each.make == plain ? &each : reference;
        print(each, *reference, double(bytes) * 1e-9);
    }
    printSums();
    return {};
}

}  // namespace
}  // namespace gsst

/// io_bench folder [mebibytes]
int main(int argc, char** argv) {
    const long mebi = argc > 2 ? std::strtol(argv[2], nullptr, 10) : 256;
    if (argc < 2 || mebi < 64 || mebi % 16 != 0) {
        std::fprintf(stderr, "usage: io_bench folder [mebibytes, a multiple of 16, at least 64]\n");
        return EXIT_FAILURE;
    }
    const std::filesystem::path path = std::filesystem::path(argv[1]) / "gsst-io-bench.tmp";
    const gsst::Status status = gsst::run(path, uint64_t(mebi) << 20);
    if (!status.ok())
        std::fprintf(stderr, "%s\n", status.error().text().c_str());
    static_cast<void>(gsst::osFileSystem().remove(path));
    return status.ok() ? EXIT_SUCCESS : EXIT_FAILURE;
}
