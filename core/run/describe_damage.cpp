// SPDX-License-Identifier: GPL-3.0-or-later
#include "run/describe_damage.h"

#include "spec/describe_unit.h"

namespace gsst {

std::string wordsFor(const DamagedBlock& damaged, const TensorTable& table) {
    if (damaged.block < 0)
        return damaged.tensor;
    const BlockInfo& block = table.blocks()[size_t(damaged.block)];
    return damaged.tensor + ", in the " + wordsFor(table.units()[size_t(block.unit)]);
}

}  // namespace gsst
