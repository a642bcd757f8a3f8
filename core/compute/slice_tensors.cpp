// SPDX-License-Identifier: GPL-3.0-or-later
#include "compute/slice_tensors.h"

#include <cstddef>

namespace gsst {

UnitTensors sliceTensors(const TensorTable& table, const SliceRange& slice, int unit, const void* elements,
                         at::ScalarType type) {
    const int64_t offset = offsetInSlice(table, slice, unit, 0) * int64_t(c10::elementSize(type));
    const UnitTensors whole(table, unit, static_cast<const std::byte*>(elements) + offset, type);
    if (!slice.isPart())
        return whole;
    const RowRange rows = rowsOfSlice(table, slice);
    UnitTensors part;
    for (const TensorInfo& tensor : table.tensorsOf(unit)) {
        const bool isMatrix = tensor.role == TensorRole::TokenEmbedding || tensor.role == TensorRole::HeadWeight;
        if (isMatrix && rows.count > 0)
            part.set(tensor.role, whole[tensor.role].narrow(0, rows.first, rows.count));
        else if (!isMatrix && tensor.firstBlock >= slice.firstBlock &&
                 tensor.firstBlock < slice.firstBlock + slice.blockCount)
            part.set(tensor.role, whole[tensor.role]);
    }
    return part;
}

}  // namespace gsst
