// SPDX-License-Identifier: GPL-3.0-or-later
// Prints how long planning takes for every preset with limits that make it easy and hard. Processor time of this
// thread: other programs on the machine do not count.
#include "base/units.h"
#include "plan/search/planner.h"
#include "spec/run_spec.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <vector>

namespace gsst::test {
namespace {

constexpr int64_t kGiB = int64_t(1) << 30;
constexpr int kRounds = 5;

struct Limits {
    const char* name;
    int64_t device;
    int64_t ram;
};
constexpr Limits kLimits[] = {
    {"no limits", 0, 24 * kGiB},       {"8 GiB + 16 GiB", 8 * kGiB, 16 * kGiB},  {"2 GiB + 8 GiB", 2 * kGiB, 8 * kGiB},
    {"1 GiB + 4 GiB", kGiB, 4 * kGiB}, {"400 MiB + 4 GiB", 400 << 20, 4 * kGiB}, {"64 MiB + 1 GiB", 64 << 20, kGiB}};

double milliseconds(const RunSpec& spec, const TensorTable& table, const MachineLimits& machine, bool& planned) {
    std::vector<double> times;
    for (int round = 0; round < kRounds; ++round) {
        const std::clock_t start = std::clock();
        planned = makePlan(spec, table, {}, machine).ok();
        times.push_back(1000.0 * double(std::clock() - start) / CLOCKS_PER_SEC);
    }
    std::nth_element(times.begin(), times.begin() + kRounds / 2, times.end());
    return times[kRounds / 2];
}

int run(const char* folder) {
    auto presets = loadPresets(folder);
    if (!presets.ok()) {
        std::fprintf(stderr, "%s\n", presets.error().text().c_str());
        return 2;
    }
    std::printf("milliseconds of planning, median of %d\n", kRounds);
    for (const RunSpec& preset : *presets) {
        std::printf("%-18s", preset.name.c_str());
        const TensorTable table(preset.model);
        for (const Limits& limits : kLimits) {
            bool planned = false;
            const double time =
                milliseconds(preset, table, {limits.device, limits.ram, 1000 * kGiB, 512 << 20}, planned);
            std::printf("  %s: %.1f%s", limits.name, time, planned ? "" : " (refused)");
        }
        std::printf("\n");
    }
    return 0;
}

}  // namespace
}  // namespace gsst::test

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: plan_bench FOLDER_OF_PRESETS\n");
        return 2;
    }
    return gsst::test::run(argv[1]);
}
