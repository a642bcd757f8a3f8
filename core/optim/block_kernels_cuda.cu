// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/block_kernels_cuda.h"

#include <cuda_runtime_api.h>

#include <string>

namespace gsst {
namespace {

// A block of 64 Ki elements is shared by 16 groups of 256 threads, each of which updates 16 elements.
constexpr int kThreads = 256;
constexpr int kGroups = 16;
constexpr int64_t kLargestGrid = 65536;

static_assert(sizeof(BlockArrays) + sizeof(BlockBatch) + sizeof(AdamWConstants) <= 4096, "more than a kernel takes as parameters");

__global__ void updateKernel(const BlockArrays arrays, const __grid_constant__ BlockBatch batch, const AdamWConstants constants) {
    const BlockPlace& place = batch.places[blockIdx.x];
    for (int32_t i = blockIdx.y * kThreads + threadIdx.x; i < place.paddedElements; i += kGroups * kThreads)
        loops::updateElement(arrays, place, i, constants);
}

__global__ void joinKernel(const BlockArrays arrays, int64_t count) {
    const int64_t stride = int64_t(gridDim.x) * kThreads;
    for (int64_t i = int64_t(blockIdx.x) * kThreads + threadIdx.x; i < count; i += stride)
        loops::joinElement(arrays, i);
}

__global__ void normKernel(const float* gradient, const __grid_constant__ BlockBatch batch, double* squaredNorms) {
    __shared__ double lanes[kNormLanes];
    const BlockPlace& place = batch.places[blockIdx.x];
    lanes[threadIdx.x] = loops::laneSum(gradient + place.offset, place.elements, int(threadIdx.x));
    __syncthreads();
    if (threadIdx.x == 0)
        squaredNorms[blockIdx.x] = loops::sumOfLanes(lanes);
}

Status checked(cudaError_t result, const char* doing) {
    if (result == cudaSuccess)
        return {};
    return Error{ErrorCode::Internal, "The graphics card refused work", doing,
                 std::string("CUDA says: ") + cudaGetErrorString(result),
                 "Start again; if it happens again, check the card and its driver, or compute on the processor"};
}

cudaStream_t streamOf(void* stream) { return static_cast<cudaStream_t>(stream); }

}  // namespace

Status launchUpdate(void* stream, const BlockArrays& arrays, const BlockBatch& batch, const AdamWConstants& constants) {
    updateKernel<<<dim3(unsigned(batch.count), kGroups), kThreads, 0, streamOf(stream)>>>(arrays, batch, constants);
    return checked(cudaGetLastError(), "updating weights");
}

Status launchJoin(void* stream, const BlockArrays& arrays, int64_t count) {
    const int64_t wanted = (count + kThreads - 1) / kThreads;
    joinKernel<<<unsigned(wanted < kLargestGrid ? wanted : kLargestGrid), kThreads, 0, streamOf(stream)>>>(arrays, count);
    return checked(cudaGetLastError(), "joining the halves of weights");
}

Status launchNorms(void* stream, const float* gradient, const BlockBatch& batch, double* squaredNorms) {
    normKernel<<<unsigned(batch.count), kNormLanes, 0, streamOf(stream)>>>(gradient, batch, squaredNorms);
    return checked(cudaGetLastError(), "adding up squared gradients");
}

Status launchZeroFill(void* stream, void* data, int64_t bytes) {
    return checked(cudaMemsetAsync(data, 0, size_t(bytes), streamOf(stream)), "filling memory with zeros");
}

}  // namespace gsst
