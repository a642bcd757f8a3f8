// SPDX-License-Identifier: GPL-3.0-or-later
#include "ranks/gloo_group.h"

#include "ranks/own_address.h"

#include <ATen/ops/from_blob.h>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include <cstdint>
#include <cstdlib>

namespace gsst {
namespace {

at::Tensor bytesAt(std::byte* data, int64_t count) {
    return at::from_blob(data, {count}, at::kByte);
}

}  // namespace

GlooGroup::GlooGroup(const Rendezvous& point, const std::string& name)
    : m_ranks(point.place().ranks), m_toAnswer(point.timeouts().toAnswer) {
    const ProcessRank& place = point.place();
    auto options = c10d::ProcessGroupGloo::Options::create(point.timeouts().toMeet);
    const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
    const std::string address = addressTowards(place.masterAddress, place.masterPort);
    options->devices.push_back(interface          ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
                               : !address.empty() ? c10d::ProcessGroupGloo::createDeviceForHostname(address)
                                                  : c10d::ProcessGroupGloo::createDefaultDevice());
    m_group = c10::make_intrusive<c10d::ProcessGroupGloo>(point.part(name), place.rank, place.ranks, options);
}

GlooGroup::~GlooGroup() = default;

void GlooGroup::sum(std::span<float> values) {
    std::vector<at::Tensor> tensors{at::from_blob(values.data(), {int64_t(values.size())}, at::kFloat)};
    c10d::AllreduceOptions options;
    options.timeout = m_toAnswer;
    m_group->allreduce(tensors, options)->wait();
}

void GlooGroup::share(int owner, std::span<std::byte> bytes) {
    std::vector<at::Tensor> tensors{bytesAt(bytes.data(), int64_t(bytes.size()))};
    c10d::BroadcastOptions options;
    options.rootRank = owner;
    options.timeout = m_toAnswer;
    m_group->broadcast(tensors, options)->wait();
}

std::vector<std::byte> GlooGroup::gather(std::span<const std::byte> mine) {
    std::vector<std::byte> own(mine.begin(), mine.end());
    std::vector<std::byte> all(own.size() * size_t(m_ranks));
    const auto length = int64_t(own.size());
    std::vector<at::Tensor> inputs{bytesAt(own.data(), length)};
    std::vector<std::vector<at::Tensor>> outputs(1);
    for (int rank = 0; rank < m_ranks; ++rank)
        outputs[0].push_back(bytesAt(all.data() + int64_t(rank) * length, length));
    c10d::AllgatherOptions options;
    options.timeout = m_toAnswer;
    m_group->allgather(outputs, inputs, options)->wait();
    return all;
}

void GlooGroup::await() {
    c10d::BarrierOptions options;
    options.timeout = m_toAnswer;
    m_group->barrier(options)->wait();
}

}  // namespace gsst
