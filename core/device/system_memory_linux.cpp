// SPDX-License-Identifier: GPL-3.0-or-later
#include "device/system_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <fstream>

namespace gsst {

std::byte* takePages(size_t bytes) {
    void* pages = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages == MAP_FAILED ? nullptr : static_cast<std::byte*>(pages);
}

void returnPages(std::byte* pages, size_t bytes) {
    ::munmap(pages, bytes);
}

int64_t processMemoryBytes() {
    std::ifstream file("/proc/self/statm");
    int64_t mapped = 0, resident = 0;
    return file >> mapped >> resident ? resident * ::sysconf(_SC_PAGESIZE) : 0;
}

}  // namespace gsst
