// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/device_option.h"

namespace gsst {

void DeviceOption::addTo(CLI::App& command) {
    command.add_option("--device", text, "Where to compute: cpu")->type_name("DEVICE")->default_str(text);
}

}  // namespace gsst
