// SPDX-License-Identifier: GPL-3.0-or-later
// Prints how fast the update kernels are, next to what the memory of the machine gives a plain copy in the same run.
// All measurements take turns in each round, since other programs may be running; medians and best of the rounds.
#include "base/clock.h"
#include "io/aligned_buffer.h"
#include "optim/adamw.h"
#include "optim/element_step.h"
#include "optim/lion.h"
#include "optim/squared_norm.h"
#include "optim/weights.h"
#include "optim/worker_pool.h"
#include "optim_helpers.h"
#include "store/state_hash.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace gsst::test {
namespace {

constexpr size_t kPiece = 64 * 1024;
constexpr int kRounds = 15;

struct Case {
    std::string name;
    double bytesPerElement;  ///< read and written
    std::function<void(size_t first, size_t count)> work;
    WorkerPool* workers;
    std::vector<double> seconds;
};

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + std::ptrdiff_t(values.size() / 2), values.end());
    return values[values.size() / 2];
}

void measure(Case& each, size_t elements) {
    const Stopwatch watch;
    each.workers->forEach(int64_t(elements / kPiece),
                          [&](int64_t piece) { each.work(size_t(piece) * kPiece, kPiece); });
    each.seconds.push_back(watch.seconds());
}

/// Aligned as the engine's buffers are.
template <typename T>
class Aligned {
public:
    explicit Aligned(size_t count) : m_buffer(AlignedBuffer::create(count * sizeof(T)).value()) {}
    explicit Aligned(const std::vector<T>& values) : Aligned(values.size()) { std::ranges::copy(values, data()); }
    T* data() { return reinterpret_cast<T*>(m_buffer.data()); }
    T& operator[](size_t i) { return data()[i]; }

private:
    AlignedBuffer m_buffer;
};

/// State of both kinds of moments.
struct BenchState {
    Aligned<uint16_t> hi, lo;
    Aligned<float> moment1, moment2;
    Aligned<uint8_t> codes1, codes2;
    Aligned<float> scales1, scales2;

    BenchState(const State& state, const QuantizedState& coded)
        : hi(state.hi), lo(state.lo), moment1(state.moment1), moment2(state.moment2), codes1(coded.codes1),
          codes2(coded.codes2), scales1(coded.scales1), scales2(coded.scales2) {}

    UpdateArrays arrays(StatePreset preset, const float* gradient, size_t first, size_t count) {
        UpdateArrays arrays;
        arrays.hi = &hi[first];
        arrays.lo = preset == StatePreset::Lean ? nullptr : &lo[first];
        if (preset == StatePreset::Exact) {
            arrays.moment1 = &moment1[first];
            arrays.moment2 = &moment2[first];
        } else {
            arrays.quantized1 = {&codes1[first], &scales1[first / size_t(kScaleGroup)]};
            arrays.quantized2 = {&codes2[first], &scales2[first / size_t(kScaleGroup)]};
        }
        arrays.gradient = gradient;
        arrays.count = int64_t(count);
        arrays.firstElement = int64_t(first);
        return arrays;
    }
};

int run(size_t elements, int threads) {
    const State values = randomState(elements);
    BenchState state(values, coded(values));
    Aligned<float> gradient(randomGradient(elements, 4));
    Aligned<float> weights(elements), from(std::vector<float>(elements, 1.0f)), to(elements);
    Aligned<uint16_t> packed(elements);
    std::vector<double> norms(elements / kPiece);
    std::vector<uint64_t> sums(elements / kPiece);
    TrainSpec training;
    int64_t step = 100;
    std::vector<std::unique_ptr<WorkerPool>> pools;
    std::vector<Case> cases;
    for (int count : {1, threads}) {
        pools.push_back(std::make_unique<WorkerPool>(count));
        WorkerPool* workers = pools.back().get();
        const std::string suffix = ", " + std::to_string(count) + (count == 1 ? " thread" : " threads");
        cases.push_back({"memory copy" + suffix,
                         8,
                         [&](size_t first, size_t n) { std::memcpy(&to[first], &from[first], n * 4); },
                         workers,
                         {}});
        cases.push_back({"sum of a block (XXH3)" + suffix,
                         4,
                         [&](size_t first, size_t n) {
                             sums[first / kPiece] = stateSum(std::as_bytes(std::span(&from[first], n)));
                         },
                         workers,
                         {}});
        for (const CpuKernels& kernels : supportedCpuKernels()) {
            const std::string name = std::string(kernels.name) + suffix;
            cases.push_back({"exact update, " + name,
                             28,
                             [&](size_t first, size_t n) {
                                 const AdamWConstants constants = adamwConstants(training, step, 1.0f);
                                 kernels.update<AdamWMath>().plain(
                                     state.arrays(StatePreset::Exact, &gradient[first], first, n), constants.keep,
                                     constants);
                             },
                             workers,
                             {}});
            for (const StatePreset preset : {StatePreset::Mixed, StatePreset::Lean}) {
                const double weightBytes = preset == StatePreset::Mixed ? 4 : 2;
                const double bytes = 2 * (weightBytes + 2 + 2.0 / 64) + 4;
                cases.push_back({std::string(nameOf(preset)) + " update, " + name,
                                 bytes,
                                 [&, preset](size_t first, size_t n) {
                                     const AdamWConstants constants = adamwConstants(training, step, 1.0f);
                                     kernels.update<AdamWMath>().quantized(
                                         state.arrays(preset, &gradient[first], first, n), constants.keep, constants);
                                 },
                                 workers,
                                 {}});
            }
            cases.push_back({"lion, exact update, " + name,
                             20,
                             [&](size_t first, size_t n) {
                                 const LionConstants constants = lionConstants(training, step, 1.0f);
                                 kernels.update<LionMath>().plain(
                                     state.arrays(StatePreset::Exact, &gradient[first], first, n), constants.keep,
                                     constants);
                             },
                             workers,
                             {}});
            cases.push_back({"lion, lean update, " + name,
                             2 * (2 + 1 + 1.0 / 64) + 4,
                             [&](size_t first, size_t n) {
                                 const LionConstants constants = lionConstants(training, step, 1.0f);
                                 kernels.update<LionMath>().quantized(
                                     state.arrays(StatePreset::Lean, &gradient[first], first, n), constants.keep,
                                     constants);
                             },
                             workers,
                             {}});
            cases.push_back({"exact update + fp32 weights, " + name,
                             32,
                             [&](size_t first, size_t n) {
                                 const AdamWConstants constants = adamwConstants(training, step, 1.0f);
                                 UpdateArrays arrays = state.arrays(StatePreset::Exact, &gradient[first], first, n);
                                 arrays.weightsFp32 = &weights[first];
                                 kernels.update<AdamWMath>().plain(arrays, constants.keep, constants);
                             },
                             workers,
                             {}});
            cases.push_back({"join, " + name,
                             8,
                             [&](size_t first, size_t n) {
                                 kernels.materializeWeights(&state.hi[first], &state.lo[first], &weights[first],
                                                            int64_t(n));
                             },
                             workers,
                             {}});
            cases.push_back(
                {"gradient to bf16, " + name,
                 6,
                 [&](size_t first, size_t n) { kernels.packBf16(&gradient[first], &packed[first], int64_t(n)); },
                 workers,
                 {}});
            cases.push_back({"squared norm, " + name,
                             4,
                             [&](size_t first, size_t n) {
                                 norms[first / kPiece] = kernels.squaredNorm(&gradient[first], int64_t(n));
                             },
                             workers,
                             {}});
        }
        if (threads == 1)
            break;
    }
    for (int round = 0; round < kRounds; ++round, ++step)
        for (Case& each : cases)
            measure(each, elements);
    std::printf("%-50s %35s %35s\n", "", "median, of the copy", "best, of the copy");
    double copies[2] = {};
    for (const Case& each : cases) {
        std::printf("%-50s", each.name.c_str());
        const double bytes = double(elements) * each.bytesPerElement * 1e-9;
        const double rates[2] = {bytes / median(each.seconds),
                                 bytes / *std::min_element(each.seconds.begin(), each.seconds.end())};
        for (int i : {0, 1}) {
            if (each.name.starts_with("memory copy"))
                copies[i] = rates[i];
            std::printf(" %8.0f Mp/s %6.1f GB/s %5.0f %%", rates[i] * 1e3 / each.bytesPerElement, rates[i],
                        100 * rates[i] / copies[i]);
        }
        std::printf("\n");
    }
    return std::isfinite(totalNorm(norms)) && sums.back() == sums.front() ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace gsst::test

/// update_bench [mebi-elements [threads]]
int main(int argc, char** argv) {
    const long mebi = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 16;
    const long threads = argc > 2 ? std::strtol(argv[2], nullptr, 10) : long(std::thread::hardware_concurrency());
    if (mebi < 1 || threads < 1) {
        std::fprintf(stderr, "usage: update_bench [mebi-elements [threads]]\n");
        return EXIT_FAILURE;
    }
    return gsst::test::run(size_t(mebi) << 20, int(threads));
}
