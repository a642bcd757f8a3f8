// SPDX-License-Identifier: GPL-3.0-or-later
#include "device/cuda_device.h"

#include "device/caching_pool.h"
#include "device/cuda_status.h"
#include "device/cuda_stream.h"

#include <array>
#include <optional>
#include <utility>

namespace gsst {
namespace {

constexpr uint64_t kStreams = 2;
constexpr std::array kOldestCapability{7, 5};

size_t indexOf(Stream stream) {
    return stream == Stream::Compute ? 0 : 1;
}

Error unavailable(int ordinal, std::string why, std::string todo) {
    return {ErrorCode::InvalidInput, "This device is not available", "CUDA device " + std::to_string(ordinal),
            std::move(why), std::move(todo) + ", or compute on the processor"};
}

Result<int> deviceCount(int ordinal) {
    int count = 0;
    const cudaError_t result = cudaGetDeviceCount(&count);
    cudaGetLastError();
    if (result == cudaErrorInsufficientDriver)
        return unavailable(
            ordinal, "there is no NVIDIA driver, or it is too old for CUDA " + std::to_string(CUDART_VERSION / 1000),
            "Install a current driver of NVIDIA");
    if (result == cudaErrorNoDevice || (result == cudaSuccess && count == 0))
        return unavailable(ordinal, "the NVIDIA driver finds no graphics card",
                           "Check that the card is connected and visible (nvidia-smi lists it)");
    if (result != cudaSuccess)
        return unavailable(ordinal, std::string("CUDA does not start: ") + cudaGetErrorString(result),
                           "Check the NVIDIA driver (nvidia-smi)");
    return count;
}

std::array<int, 2> capabilityOf(int ordinal) {
    std::array capability{0, 0};
    cudaDeviceGetAttribute(&capability[0], cudaDevAttrComputeCapabilityMajor, ordinal);
    cudaDeviceGetAttribute(&capability[1], cudaDevAttrComputeCapabilityMinor, ordinal);
    return capability;
}

std::string textOf(std::array<int, 2> capability) {
    return std::to_string(capability[0]) + "." + std::to_string(capability[1]);
}

Status checkUsable(int ordinal) {
    GSST_ASSIGN(const int count, deviceCount(ordinal));
    if (ordinal < 0 || ordinal >= count)
        return unavailable(ordinal, "this machine has " + std::to_string(count) + ", counted from 0",
                           "Choose one of them");
    if (const auto capability = capabilityOf(ordinal); capability < kOldestCapability)
        return unavailable(ordinal,
                           "its compute capability is " + textOf(capability) + ", and " + textOf(kOldestCapability) +
                               " is needed",
                           "Use a newer card");
    return {};
}

class CudaDeviceOverRuntime : public CudaDevice {
public:
    CudaDeviceOverRuntime(int ordinal, int64_t limitBytes)
        : m_ordinal(ordinal), m_pool(limitBytes, {[this](int64_t bytes) { return takeMemory(bytes); },
                                                  [this](std::byte* data, int64_t) { returnMemory(data); }}) {}
    ~CudaDeviceOverRuntime() override { cudaSetDevice(m_ordinal); }
    CudaDeviceOverRuntime(const CudaDeviceOverRuntime&) = delete;
    CudaDeviceOverRuntime& operator=(const CudaDeviceOverRuntime&) = delete;

    Status open() {
        select();
        for (CudaStream& stream : m_streams)
            note(stream.open(), "creating a stream");
        return status();
    }

    Status status() const override { return m_failure ? Status(*m_failure) : Status(); }
    void* nativeStream(Stream stream) const override { return m_streams[indexOf(stream)].native(); }
    Result<PinnedMemory> pin(std::span<std::byte> host) override;

    Result<DeviceBuffer> allocate(int64_t bytes) override;
    PoolUsage usage() const override { return m_pool.usage(); }
    void resetPeak() override { m_pool.resetPeak(); }
    void trim() override { m_pool.trim(); }

    DeviceEvent run(Stream stream, std::function<void()> work) override;
    DeviceEvent copyIn(Stream stream, std::byte* device, std::span<const std::byte> host) override;
    DeviceEvent copyOut(Stream stream, std::span<std::byte> host, const std::byte* device) override;
    DeviceEvent fillZero(Stream stream, std::byte* device, int64_t bytes) override;
    void streamWait(Stream stream, DeviceEvent event) override;
    void hostWait(DeviceEvent event) override;

protected:
    void free(std::byte* data, int64_t) override { m_pool.free(data); }

private:
    /// The current card belongs to the thread, and libraries that share it may have changed it.
    void select() { note(cudaSetDevice(m_ordinal), "choosing the card"); }
    void note(cudaError_t result, const char* doing);
    std::byte* takeMemory(int64_t bytes);
    void returnMemory(std::byte* data);
    DeviceEvent mark(Stream stream);
    cudaEvent_t pending(DeviceEvent event) { return m_streams[event.value % kStreams].pending(event.value / kStreams); }

    const int m_ordinal;
    std::optional<Error> m_failure;
    CachingPool m_pool;  // before the streams: memory goes when their work is done
    std::array<CudaStream, kStreams> m_streams;
};

void CudaDeviceOverRuntime::note(cudaError_t result, const char* doing) {
    if (result == cudaSuccess)
        return;
    cudaGetLastError();
    if (!m_failure)
        m_failure = cudaStatus(result, std::string(doing) + ", CUDA device " + std::to_string(m_ordinal)).error();
}

std::byte* CudaDeviceOverRuntime::takeMemory(int64_t bytes) {
    select();
    void* data = nullptr;
    const cudaError_t result = cudaMalloc(&data, size_t(bytes));
    if (result == cudaErrorMemoryAllocation)
        cudaGetLastError();  // the pool's to report, and no failure of the card
    else
        note(result, "allocating memory");
    return result == cudaSuccess ? static_cast<std::byte*>(data) : nullptr;
}

void CudaDeviceOverRuntime::returnMemory(std::byte* data) {
    select();
    note(cudaDeviceSynchronize(), "finishing work before memory is given back");
    note(cudaFree(data), "giving memory back");
}

DeviceEvent CudaDeviceOverRuntime::mark(Stream stream) {
    uint64_t number = 0;
    note(m_streams[indexOf(stream)].mark(number), "marking the end of work");
    return {number * kStreams + indexOf(stream)};
}

Result<PinnedMemory> CudaDeviceOverRuntime::pin(std::span<std::byte> host) {
    PinnedMemory pinned(nullptr, [](std::byte* data) { cudaHostUnregister(data); });
    if (host.empty())
        return pinned;
    select();
    const cudaError_t result = cudaHostRegister(host.data(), host.size(), cudaHostRegisterPortable);
    cudaGetLastError();
    GSST_TRY(cudaStatus(result, "pinning memory for copies"));
    pinned.reset(host.data());
    return pinned;
}

Result<DeviceBuffer> CudaDeviceOverRuntime::allocate(int64_t bytes) {
    GSST_TRY(status());
    Result<std::byte*> data = m_pool.allocate(bytes);
    GSST_TRY(status());
    if (!data.ok())
        return std::move(data).error();
    return DeviceBuffer(this, *data, bytes);
}

DeviceEvent CudaDeviceOverRuntime::run(Stream stream, std::function<void()> work) {
    select();
    std::move(work)();
    return mark(stream);
}

DeviceEvent CudaDeviceOverRuntime::copyIn(Stream stream, std::byte* device, std::span<const std::byte> host) {
    select();
    if (!host.empty())
        note(cudaMemcpyAsync(device, host.data(), host.size(), cudaMemcpyHostToDevice,
                             m_streams[indexOf(stream)].native()),
             "copying to the card");
    return mark(stream);
}

DeviceEvent CudaDeviceOverRuntime::copyOut(Stream stream, std::span<std::byte> host, const std::byte* device) {
    select();
    if (!host.empty())
        note(cudaMemcpyAsync(host.data(), device, host.size(), cudaMemcpyDeviceToHost,
                             m_streams[indexOf(stream)].native()),
             "copying from the card");
    return mark(stream);
}

DeviceEvent CudaDeviceOverRuntime::fillZero(Stream stream, std::byte* device, int64_t bytes) {
    select();
    if (bytes > 0)
        note(cudaMemsetAsync(device, 0, size_t(bytes), m_streams[indexOf(stream)].native()), "filling with zeros");
    return mark(stream);
}

void CudaDeviceOverRuntime::streamWait(Stream stream, DeviceEvent event) {
    select();
    if (cudaEvent_t of = pending(event))
        note(cudaStreamWaitEvent(m_streams[indexOf(stream)].native(), of, 0), "letting a stream wait");
}

void CudaDeviceOverRuntime::hostWait(DeviceEvent event) {
    select();
    if (cudaEvent_t of = pending(event))
        note(cudaEventSynchronize(of), "waiting for the card");
}

CudaDeviceInfo infoOf(int ordinal) {
    CudaDeviceInfo info;
    info.ordinal = ordinal;
    cudaDeviceProp properties{};
    if (cudaGetDeviceProperties(&properties, ordinal) == cudaSuccess)
        info.name = properties.name;
    const auto capability = capabilityOf(ordinal);
    info.computeMajor = capability[0];
    info.computeMinor = capability[1];
    size_t free = 0, total = properties.totalGlobalMem;
    if (cudaSetDevice(ordinal) == cudaSuccess)
        cudaMemGetInfo(&free, &total);
    cudaGetLastError();
    info.memoryFree = int64_t(free);
    info.memoryTotal = int64_t(total);
    return info;
}

}  // namespace

std::vector<CudaDeviceInfo> cudaDevices() {
    std::vector<CudaDeviceInfo> devices;
    const Result<int> count = deviceCount(0);
    if (!count.ok())
        return devices;
    int current = 0;
    cudaGetDevice(&current);
    for (int ordinal = 0; ordinal < *count; ++ordinal)
        devices.push_back(infoOf(ordinal));
    cudaSetDevice(current);
    return devices;
}

Result<std::unique_ptr<CudaDevice>> CudaDevice::create(int ordinal, int64_t limitBytes) {
    GSST_TRY(checkUsable(ordinal));
    auto device = std::make_unique<CudaDeviceOverRuntime>(ordinal, limitBytes);
    GSST_TRY(device->open());
    return std::unique_ptr<CudaDevice>(std::move(device));
}

}  // namespace gsst
