// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/platform/program.h"

#include <cstdlib>

namespace gsst {

void preferPassiveWaiting() {
    if (!_wgetenv(L"OMP_WAIT_POLICY"))
        _wputenv_s(L"OMP_WAIT_POLICY", L"passive");
}

}  // namespace gsst
