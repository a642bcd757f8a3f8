// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/compute_backend.h"
#include "base/result.h"
#include "machine/probe_shape.h"
#include "plan/simulation.h"

namespace gsst {

/// Times forward, backward, head and update of the shape on the backend's device, with the code and the number of
/// threads that training uses: a fraction of a second for small models, about two for large ones, memory for one large
/// layer. Works on a thread of its own, so that the number of threads of the caller's stays. Thread-safe; what else the
/// computer does meanwhile slows it down.
Result<ComputeRates> probeCompute(ComputeBackend& backend, const ProbeShape& shape);

}  // namespace gsst
