// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "io/file.h"
#include "service/event_sink.h"
#include "service/training_service.h"

namespace gsst {

/// Changes where a run that is not open goes on from, as `request` says: from the commit before the newest one, with
/// its text in another order, or both. Durable when it returns; the next steps then draw the same sequences however
/// often the run is interrupted. What was done goes to `sink` as lines of the log. Corrupt, and nothing changed, if
/// there is no whole commit to go back to.
Status chooseRollback(FileSystem& files, const ResumeRequest& request, const EventSink& sink);

}  // namespace gsst
