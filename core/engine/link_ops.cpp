// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/link_ops.h"

#include "engine/state_sections.h"

#include <span>
#include <utility>

namespace gsst {

LinkOps::LinkOps(const EngineParts& parts) : m_parts(parts) {
    if (parts.collective->hasOthers())
        m_thread.emplace(1);
}

void LinkOps::start(const Op& op, ProgramRun& run, Done done) {
    if (!m_thread)
        return done(Error{ErrorCode::Internal, "A program for several ranks was run by one", "",
                          "there are no others to add up with", "Please report this as a defect"});
    m_thread->add([this, &op, &run, done = std::move(done)] { done(this->run(op, run)); });
}

Status LinkOps::run(const Op& op, ProgramRun& run) const {
    if (op.kind == OpKind::AllReduceGradient)
        return m_parts.collective->sum({reinterpret_cast<float*>(run.data(op.gradient)), size_t(op.elements)});
    const StateFormat& format = m_parts.format();
    for (StateKind kind : format.kinds())
        if (format.isWhole(kind))
            GSST_TRY(m_parts.collective->share(op.owner, {stateSection(m_parts, op, run, kind),
                                                          size_t(format.bytes(op.firstBlock, op.blockCount, kind))}));
    return {};
}

}  // namespace gsst
