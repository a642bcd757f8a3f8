// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/token_format.h"

#include "data/content_sum.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

namespace gsst {
namespace {

constexpr std::string_view kMagic = "GSSTTOKS";
constexpr size_t kSummedBytes = 56;

template <typename T>
void put(std::span<std::byte> bytes, size_t offset, T value) {
    for (size_t i = 0; i < sizeof(T); ++i)
        bytes[offset + i] = static_cast<std::byte>((value >> (8 * i)) & 0xFFu);
}

template <typename T>
T get(std::span<const std::byte> bytes, size_t offset) {
    T value = 0;
    for (size_t i = 0; i < sizeof(T); ++i)
        value |= static_cast<T>(static_cast<T>(bytes[offset + i]) << (8 * i));
    return value;
}

}  // namespace

std::array<std::byte, kShardHeaderBytes> encodeShardHeader(const ShardHeader& header) {
    std::array<std::byte, kShardHeaderBytes> bytes{};
    std::copy(kMagic.begin(), kMagic.end(), reinterpret_cast<char*>(bytes.data()));
    put<uint32_t>(bytes, 8, kShardVersion);
    put<uint32_t>(bytes, 12, header.elementBytes);
    put<uint64_t>(bytes, 16, header.vocabulary);
    put<uint64_t>(bytes, 24, header.firstToken);
    put<uint64_t>(bytes, 32, header.tokens);
    put<uint64_t>(bytes, 40, header.sum);
    put<uint64_t>(bytes, kSummedBytes, contentSum64(std::span(bytes).first(kSummedBytes)));
    return bytes;
}

Result<ShardHeader> decodeShardHeader(std::span<const std::byte, kShardHeaderBytes> bytes, uint64_t fileBytes,
                                      const std::string& origin) {
    if (fileBytes < kShardHeaderBytes)
        return corruptTokens(origin, "the file is shorter than its header");
    const std::string_view magic(reinterpret_cast<const char*>(bytes.data()), kMagic.size());
    if (magic != kMagic)
        return corruptTokens(origin, "it is not a file of tokens");
    if (const auto version = get<uint32_t>(bytes, 8); version > kShardVersion)
        return Error{ErrorCode::NewerVersion, "The prepared text was written by a newer version of this program",
                     origin, "its format has version " + std::to_string(version), "Update the program"};
    if (get<uint64_t>(bytes, kSummedBytes) != contentSum64(bytes.first(kSummedBytes)))
        return corruptTokens(origin, "the checksum of its header is wrong");
    const ShardHeader header{get<uint32_t>(bytes, 12), get<uint64_t>(bytes, 16), get<uint64_t>(bytes, 24),
                             get<uint64_t>(bytes, 32), get<uint64_t>(bytes, 40)};
    if (header.vocabulary == 0 || header.vocabulary > uint64_t{1} << 31 ||
        header.elementBytes != elementBytesFor(header.vocabulary))
        return corruptTokens(origin, "the size of its tokens does not fit its vocabulary");
    const uint64_t contentBytes = fileBytes - kShardHeaderBytes;
    // Divided, not multiplied: a number of tokens from a file must not be able to overflow.
    if (contentBytes % header.elementBytes != 0 || contentBytes / header.elementBytes != header.tokens)
        return corruptTokens(origin, "it should hold " + std::to_string(header.tokens) + " tokens, but is " +
                                         std::to_string(fileBytes) + " bytes long");
    return header;
}

std::string shardFileName(size_t index) {
    std::array<char, 48> name{};
    std::snprintf(name.data(), name.size(), "tokens-%04zu.bin", index);
    return name.data();
}

Error corruptTokens(const std::string& origin, const std::string& why) {
    return {ErrorCode::Corrupt, "The prepared text of this run is damaged", origin, why,
            "Check the disk; restore the file from a copy, or start a new run from the text"};
}

}  // namespace gsst
