// SPDX-License-Identifier: GPL-3.0-or-later
// The TensorLibrary: hands every call on to the rooms that know LibTorch.
#include "compute/matrix_probe.h"
#include "compute/product_probe.h"
#include "compute/torch_slice_math.h"
#include "generate/generator.h"
#include "ranks/rank_link.h"
#include "tensors/tensor_library_entry.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <utility>

#ifdef _WIN32
#define GSST_EXPORTED __declspec(dllexport)
#else
#define GSST_EXPORTED __attribute__((visibility("default")))
#endif

namespace gsst {
namespace {

class TorchLibrary : public TensorLibrary {
public:
    void useThreads(int64_t threads) override { at::set_num_threads(int(std::max<int64_t>(1, threads))); }

    std::unique_ptr<BatchMath> sliceMath(const TensorTable& table, std::vector<SliceRange> slices,
                                         const TrainSpec& training, CachingPool& pool) override {
        return std::make_unique<TorchSliceMath>(table, std::move(slices), training, pool);
    }
    std::unique_ptr<TextGenerator> textGenerator(const TensorTable& table, const TrainSpec& training,
                                                 SliceSource& source, CachingPool& pool) override {
        return std::make_unique<Generator>(table, training, source, pool);
    }
    Result<std::unique_ptr<RankGroup>> connectRanks(const ProcessRank& place, const DeviceId& gradients,
                                                    const RankTimeouts& timeouts, std::stop_token stop) override {
        return gsst::connectRanks(place, gradients, timeouts, std::move(stop));
    }
    ProductRates probeProducts() override { return gsst::probeProducts(); }
    MatrixRates probeMatrices() override { return gsst::probeMatrices(); }
    double probeMemory() override { return gsst::probeMemory(); }
    ProcessorFacts processorFacts() override { return gsst::processorFacts(); }
};

}  // namespace
}  // namespace gsst

// Two pointers, in the C++ sense of both sides, which are built together.
extern "C" GSST_EXPORTED gsst::TensorLibraryEntry gsst_tensor_library();

gsst::TensorLibraryEntry gsst_tensor_library() {
    static gsst::TorchLibrary library;
    return {GSST_VERSION, &library};
}
