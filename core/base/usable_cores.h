// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace gsst {

/// Logical processors that this process may use, at least 1: fewer than the computer has where it is bound to some of
/// them (taskset, a container's cpuset, a batch system). By platform.
int usableCores();

}  // namespace gsst
