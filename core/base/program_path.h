// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace gsst {

/// Folder and name of the running program; empty if the system does not tell. By platform.
std::filesystem::path programPath();

}  // namespace gsst
