// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace gsst {

/// The address of this computer that `host` is reached from: by its name alone a computer often finds only its
/// loopback. Empty if it cannot be told. Sends nothing. By platform.
std::string addressTowards(const std::string& host, int port);

}  // namespace gsst
