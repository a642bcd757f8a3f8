// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/link_ops.h"

#include <span>
#include <utility>

namespace gsst {

LinkOps::LinkOps(const EngineParts& parts) : m_parts(parts) {
    if (parts.collective)
        m_thread.emplace(1);
}

void LinkOps::start(const Op& op, ProgramRun& run, Done done) {
    if (!m_thread)
        return done(Error{ErrorCode::Internal, "A program for several ranks was run by one", "", "there are no others to add up with",
                          "Please report this as a defect"});
    const std::span<float> values(reinterpret_cast<float*>(run.data(op.gradient)), size_t(op.elements));
    m_thread->add([this, values, done = std::move(done)] { done(m_parts.collective->sum(values)); });
}

}  // namespace gsst
