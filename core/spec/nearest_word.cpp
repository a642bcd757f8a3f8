// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/run_spec.h"

#include <algorithm>
#include <limits>

namespace gsst {

namespace {

char lowered(char letter) {
    return letter >= 'A' && letter <= 'Z' ? char(letter - 'A' + 'a') : letter;
}

/// Edit distance that counts a swap of neighbours as one slip (optimal string alignment), whatever the case of letters.
size_t slipsBetween(std::string_view a, std::string_view b) {
    std::vector<size_t> beforeLast(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        std::swap(beforeLast, last);
        std::swap(last, row);
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const bool same = lowered(a[i - 1]) == lowered(b[j - 1]);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
            if (i > 1 && j > 1 && lowered(a[i - 1]) == lowered(b[j - 2]) && lowered(a[i - 2]) == lowered(b[j - 1]))
                row[j] = std::min(row[j], beforeLast[j - 2] + 1);
        }
    }
    return row[b.size()];
}

}  // namespace

std::string nearestWord(std::string_view word, const std::vector<std::string>& known) {
    std::string nearest;
    size_t fewest = std::numeric_limits<size_t>::max();
    for (const std::string& candidate : known) {
        // A third of the letters may be wrong; anything more is another word.
        const size_t allowed = std::max<size_t>(1, candidate.size() / 3);
        if (word.size() > candidate.size() + allowed || candidate.size() > word.size() + allowed)
            continue;
        const size_t slips = slipsBetween(word, candidate);
        if (slips <= allowed && slips < candidate.size() && slips < fewest) {
            fewest = slips;
            nearest = candidate;
        }
    }
    return nearest;
}

}  // namespace gsst
