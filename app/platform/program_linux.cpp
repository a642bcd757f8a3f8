// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/platform/program.h"

#include <stdlib.h>

namespace gsst {

void preferPassiveWaiting() {
    ::setenv("OMP_WAIT_POLICY", "passive", 0);
}

}  // namespace gsst
