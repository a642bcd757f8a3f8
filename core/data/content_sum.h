// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace gsst {

/// XXH3 (64 bits) of a stream of bytes.
class ContentSum {
public:
    ContentSum();
    ContentSum(ContentSum&&) noexcept;
    ContentSum& operator=(ContentSum&&) noexcept;
    ~ContentSum();

    void add(std::span<const std::byte> bytes);
    uint64_t value() const;

private:
    struct State;
    std::unique_ptr<State> m_state;
};

uint64_t contentSum64(std::span<const std::byte> bytes);
/// The sum as 16 lower-case hexadecimal digits.
std::string contentSum(std::string_view bytes);
std::string sumText(uint64_t sum);

}  // namespace gsst
