// SPDX-License-Identifier: GPL-3.0-or-later
#include "ranks/gradient_link.h"

namespace gsst {
namespace {

class GradientLinkOverGloo : public GradientLink {
public:
    explicit GradientLinkOverGloo(GlooGroup& group) : m_group(group) {}
    void sum(std::span<float> values) override { m_group.sum(values); }

private:
    GlooGroup& m_group;
};

}  // namespace

std::unique_ptr<GradientLink> linkOverGloo(GlooGroup& group) {
    return std::make_unique<GradientLinkOverGloo>(group);
}

}  // namespace gsst
