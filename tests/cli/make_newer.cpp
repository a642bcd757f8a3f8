// SPDX-License-Identifier: GPL-3.0-or-later
// make_newer <file> <offset>: turns a sealed block (of HEAD or of a slot) into one that a newer version of the program
// wrote, seal and all. For the tests of the programs, which know no XXH3.
#include "io/file.h"
#include "store/sealed_block.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iostream>
#include <string>
#include <string_view>

namespace gsst {
namespace {

Status makeNewer(const std::filesystem::path& path, uint64_t offset) {
    GSST_ASSIGN(const auto file, osFileSystem().open(path, OpenMode::ReadWrite, Caching::Buffered));
    std::array<std::byte, kSealedBytes> block;
    GSST_TRY(file->read(offset, block));
    std::string magic;
    std::transform(block.begin(), block.begin() + 8, std::back_inserter(magic),
                   [](std::byte byte) { return char(byte); });
    if (checkSeal(block, magic) != Seal::Good)
        return Error{ErrorCode::Corrupt, "There is no sealed block", path.string(), "its sum is wrong",
                     "Name another offset"};
    seal(block, magic, kStateFormatVersion + 1);
    return file->write(offset, block);
}

}  // namespace
}  // namespace gsst

int main(int count, char** arguments) {
    uint64_t offset = 0;
    const std::string_view digits = count == 3 ? arguments[2] : "";
    if (digits.empty() || std::from_chars(digits.data(), digits.data() + digits.size(), offset).ec != std::errc()) {
        std::cerr << "usage: make_newer <file> <offset>\n";
        return 2;
    }
    const gsst::Status status = gsst::makeNewer(arguments[1], offset);
    if (status.ok())
        return 0;
    std::cerr << status.error().text() << '\n';
    return gsst::exitCode(status.error().code);
}
