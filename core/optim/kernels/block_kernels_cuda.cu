// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/kernels/block_kernels_cuda.h"

#include "optim/kernels/group_loops.h"

#include <cuda_runtime_api.h>

#include <string>

namespace gsst {
namespace {

// A block of 64 Ki elements is shared by 16 groups of 256 threads, each of which updates 16 elements.
constexpr int kThreads = 256;
constexpr int kGroups = 16;
constexpr int64_t kLargestGrid = 65536;
constexpr unsigned kAllLanes = ~0u;

template <typename Math>
__global__ void updateKernel(const BlockArrays arrays, const __grid_constant__ BlockBatch batch,
                             const typename Math::Constants constants) {
    static_assert(sizeof arrays + sizeof batch + sizeof constants <= 4096, "more than a kernel takes as parameters");
    const BlockLocation& place = batch.places[blockIdx.x];
    for (int32_t i = blockIdx.y * kThreads + threadIdx.x; i < place.paddedElements; i += kGroups * kThreads)
        loops::updateElement<Math>(arrays, place, i, constants);
}

/// A warp takes a group of elements at a time, 8 of the 256 groups of a full block beside each other.
template <typename Math>
__global__ void groupUpdateKernel(const BlockArrays arrays, const __grid_constant__ BlockBatch batch,
                                  const typename Math::Constants constants) {
    constexpr int kWarps = kThreads / kGroupLanes;
    const BlockLocation& place = batch.places[blockIdx.x];
    const int lane = int(threadIdx.x) % kGroupLanes;
    for (int32_t group = int32_t(blockIdx.y * kWarps + threadIdx.x / kGroupLanes);
         group * kGroupElements < place.paddedElements; group += kGroups * kWarps) {
        LaneMoments kept;
        LargestMoments largest = loops::updateLane<Math>(arrays, place, group, lane, constants, kept);
        if (!place.quantized)
            continue;
        for (int distance = kGroupLanes / 2; distance > 0; distance /= 2) {
            largest.moment1 = loops::larger(largest.moment1, __shfl_xor_sync(kAllLanes, largest.moment1, distance));
            if constexpr (Math::kMoments == 2)
                largest.moment2 = loops::larger(largest.moment2, __shfl_xor_sync(kAllLanes, largest.moment2, distance));
        }
        __syncwarp();  // the scale is written when all lanes have read it
        loops::encodeLane<Math>(arrays, place, group, lane, kept, largest);
    }
}

__global__ void joinKernel(const BlockArrays arrays, int64_t count) {
    const int64_t stride = int64_t(gridDim.x) * kThreads;
    for (int64_t i = int64_t(blockIdx.x) * kThreads + threadIdx.x; i < count; i += stride)
        loops::joinElement(arrays, i);
}

__global__ void splitKernel(const BlockArrays arrays, int64_t count) {
    const int64_t stride = int64_t(gridDim.x) * kThreads;
    for (int64_t i = int64_t(blockIdx.x) * kThreads + threadIdx.x; i < count; i += stride)
        loops::splitElement(arrays, i);
}

__global__ void roundKernel(float* gradient, const __grid_constant__ BlockBatch batch) {
    const BlockLocation& place = batch.places[blockIdx.x];
    for (int32_t i = blockIdx.y * kThreads + threadIdx.x; i < place.elements; i += kGroups * kThreads)
        loops::roundElement(gradient, place, i);
}

__global__ void packKernel(const float* gradient, uint16_t* packed, const __grid_constant__ BlockBatch batch) {
    const BlockLocation& place = batch.places[blockIdx.x];
    for (int32_t i = blockIdx.y * kThreads + threadIdx.x; i < place.paddedElements; i += kGroups * kThreads)
        loops::packElement(gradient, packed, place, i);
}

__global__ void normKernel(const float* gradient, const __grid_constant__ BlockBatch batch, double* squaredNorms) {
    __shared__ double lanes[kNormLanes];
    const BlockLocation& place = batch.places[blockIdx.x];
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

cudaStream_t streamOf(void* stream) {
    return static_cast<cudaStream_t>(stream);
}

dim3 gridOf(const BlockBatch& batch) {
    return dim3(unsigned(batch.count), kGroups);
}

unsigned gridOf(int64_t count) {
    const int64_t wanted = (count + kThreads - 1) / kThreads;
    return unsigned(wanted < kLargestGrid ? wanted : kLargestGrid);
}

template <typename Math>
Status launchUpdate(void* stream, const BlockArrays& arrays, const BlockBatch& batch,
                    const typename Math::Constants& constants) {
    updateKernel<Math><<<gridOf(batch), kThreads, 0, streamOf(stream)>>>(arrays, batch, constants);
    return checked(cudaGetLastError(), "updating weights");
}

template <typename Math>
Status launchGroupUpdate(void* stream, const BlockArrays& arrays, const BlockBatch& batch,
                         const typename Math::Constants& constants) {
    groupUpdateKernel<Math><<<gridOf(batch), kThreads, 0, streamOf(stream)>>>(arrays, batch, constants);
    return checked(cudaGetLastError(), "updating weights with moments in 8 bits");
}

template <typename... Maths>
std::tuple<UpdateLaunches<Maths>...> launchesOf(MathList<Maths...>) {
    return {UpdateLaunches<Maths>{launchUpdate<Maths>, launchGroupUpdate<Maths>}...};
}

}  // namespace

const OptimizerMaths::TupleOf<UpdateLaunches>& updateLaunches() {
    static const auto launches = launchesOf(OptimizerMaths());
    return launches;
}

Status launchJoin(void* stream, const BlockArrays& arrays, int64_t count) {
    joinKernel<<<gridOf(count), kThreads, 0, streamOf(stream)>>>(arrays, count);
    return checked(cudaGetLastError(), "joining the halves of weights");
}

Status launchSplit(void* stream, const BlockArrays& arrays, int64_t count) {
    splitKernel<<<gridOf(count), kThreads, 0, streamOf(stream)>>>(arrays, count);
    return checked(cudaGetLastError(), "splitting weights into halves");
}

Status launchNorms(void* stream, const float* gradient, const BlockBatch& batch, double* squaredNorms) {
    normKernel<<<unsigned(batch.count), kNormLanes, 0, streamOf(stream)>>>(gradient, batch, squaredNorms);
    return checked(cudaGetLastError(), "adding up squared gradients");
}

Status launchRound(void* stream, float* gradient, const BlockBatch& batch) {
    roundKernel<<<gridOf(batch), kThreads, 0, streamOf(stream)>>>(gradient, batch);
    return checked(cudaGetLastError(), "rounding gradients");
}

Status launchPack(void* stream, const float* gradient, uint16_t* packed, const BlockBatch& batch) {
    packKernel<<<gridOf(batch), kThreads, 0, streamOf(stream)>>>(gradient, packed, batch);
    return checked(cudaGetLastError(), "packing gradients");
}

Status launchZeroFill(void* stream, void* data, int64_t bytes) {
    return checked(cudaMemsetAsync(data, 0, size_t(bytes), streamOf(stream)), "filling memory with zeros");
}

}  // namespace gsst
