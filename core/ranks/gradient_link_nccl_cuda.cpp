// SPDX-License-Identifier: GPL-3.0-or-later
#include "ranks/gradient_link.h"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/util/env.h>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace gsst {
namespace {

using Milliseconds = std::chrono::milliseconds;

/// For a transfer that all ranks have begun; the gradient of a slice takes a minute over a slow network. Only a rank
/// that is lost in the middle of one, unnoticed by NCCL, makes the others wait for so long.
constexpr Milliseconds kToTransfer = std::chrono::minutes(5);
/// How often it is looked whether a transfer, of milliseconds mostly, is done.
constexpr std::chrono::microseconds kGlance{50};

using Work = c10::intrusive_ptr<c10d::Work>;

class GradientLinkOverNccl : public GradientLink {
public:
    /// Throws what LibTorch throws.
    GradientLinkOverNccl(const Rendezvous& point, GlooGroup& group, int card)
        : m_group(group), m_device(at::kCUDA, at::DeviceIndex(card)), m_nccl(connect(point)) {
        // Connections are made by the first transfer.
        at::Tensor ranks = at::full({1}, 1.0f, at::TensorOptions(at::kFloat).device(m_device));
        sum({ranks.data_ptr<float>(), 1});
        if (ranks.item<float>() != float(point.place().ranks))
            throw std::runtime_error("a sum over all ranks came out wrong");
    }
    /// Once all ranks have left the last transfer (which their verdict on the step tells) nobody waits for this one any
    /// more.
    ~GradientLinkOverNccl() override {
        try {
            m_nccl->abort();
        } catch (const std::exception&) {
            // It was of no use any more anyway.
        }
    }
    GradientLinkOverNccl(const GradientLinkOverNccl&) = delete;
    GradientLinkOverNccl& operator=(const GradientLinkOverNccl&) = delete;

    void sum(std::span<float> values) override {
        m_group.await();
        std::vector<at::Tensor> tensors{
            at::from_blob(values.data(), {int64_t(values.size())}, at::TensorOptions(at::kFloat).device(m_device))};
        finish(m_nccl->allreduce(tensors, c10d::AllreduceOptions()));
    }

private:
    static c10::intrusive_ptr<c10d::ProcessGroupNCCL> connect(const Rendezvous& point) {
        // Errors are then thrown where we wait; else a thread of LibTorch would end the whole program.
        c10::utils::set_env("TORCH_NCCL_BLOCKING_WAIT", "1");
        auto options = c10d::ProcessGroupNCCL::Options::create();
        options->timeout = kToTransfer;
        return c10::make_intrusive<c10d::ProcessGroupNCCL>(point.part("nccl"), point.place().rank, point.place().ranks,
                                                           std::move(options));
    }

    /// Waits in shorter steps than LibTorch does; what failed, or takes too long, is thrown by its wait().
    static void finish(const Work& work) {
        const auto deadline = std::chrono::steady_clock::now() + kToTransfer;
        while (!work->isCompleted() && std::chrono::steady_clock::now() < deadline)
            std::this_thread::sleep_for(kGlance);
        work->wait();
    }

    GlooGroup& m_group;
    at::Device m_device;
    c10::intrusive_ptr<c10d::ProcessGroupNCCL> m_nccl;
};

}  // namespace

Status checkNccl(int card) {
    const int cards = int(c10::cuda::device_count());
    if (card >= 0 && card < cards)
        return {};
    return Error{ErrorCode::InvalidInput, "This device is not available", "CUDA device " + std::to_string(card),
                 "LibTorch finds " + std::to_string(cards) + " graphics cards, counted from 0",
                 "Check the NVIDIA driver (nvidia-smi), and that the computer has a card for each of its ranks; or "
                 "compute on the processor"};
}

Result<std::unique_ptr<GradientLink>> linkOverNccl(const Rendezvous& point, GlooGroup& group, int card) {
    try {
        return std::unique_ptr<GradientLink>(std::make_unique<GradientLinkOverNccl>(point, group, card));
    } catch (const std::exception& error) {
        return Error{ErrorCode::Io, "The graphics cards of the ranks do not reach each other",
                     "rank " + std::to_string(point.place().rank) + " of " + std::to_string(point.place().ranks) +
                         ", CUDA device " + std::to_string(card),
                     firstLine(error.what()),
                     "Give each rank of a computer a card of its own; NCCL_DEBUG=INFO makes NCCL tell more, and "
                     "NCCL_SOCKET_IFNAME names the "
                     "network card"};
    }
}

}  // namespace gsst
