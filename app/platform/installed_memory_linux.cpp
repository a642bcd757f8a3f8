// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/platform/installed_memory.h"

#include <unistd.h>

namespace gsst {

int64_t installedRamBytes() {
    const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? int64_t(pages) * int64_t(size) : 0;
}

}  // namespace gsst
