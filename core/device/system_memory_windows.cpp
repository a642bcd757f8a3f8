// SPDX-License-Identifier: GPL-3.0-or-later
#include "device/system_memory.h"

#include <windows.h>

#include <psapi.h>

namespace gsst {

std::byte* takePages(size_t bytes) {
    return static_cast<std::byte*>(::VirtualAlloc(nullptr, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE));
}

void returnPages(std::byte* pages, size_t) {
    ::VirtualFree(pages, 0, MEM_RELEASE);
}

int64_t processMemoryBytes() {
    PROCESS_MEMORY_COUNTERS counters{};
    return ::K32GetProcessMemoryInfo(::GetCurrentProcess(), &counters, sizeof(counters))
               ? int64_t(counters.WorkingSetSize)
               : 0;
}

}  // namespace gsst
