// SPDX-License-Identifier: GPL-3.0-or-later
#include "insight/slice_infos.h"

#include "spec/describe_unit.h"

#include <algorithm>

namespace gsst {
namespace {

SliceInfo infoOf(const TensorTable& table, const SliceRange& slice) {
    const UnitInfo& first = table.units()[size_t(slice.firstUnit)];
    const UnitInfo& last = table.units()[size_t(slice.firstUnit + slice.unitCount - 1)];
    SliceInfo info;
    if (first.kind == UnitKind::Embedding) {
        info.kind = SliceInfo::Kind::Embedding;
        return info;
    }
    if (first.kind == UnitKind::Head) {
        info.kind =
            slice.isPart() && rowsOfSlice(table, slice).count == 0 ? SliceInfo::Kind::HeadNorm : SliceInfo::Kind::Head;
        return info;
    }
    info.firstLayer = countedFromOne(first.layer);
    info.lastLayer = countedFromOne(last.layer);
    if (slice.unitCount == 1)
        info.kind = first.kind == UnitKind::Attention ? SliceInfo::Kind::Attention : SliceInfo::Kind::Mlp;
    return info;
}

void countParts(std::vector<SliceInfo>& infos, SliceInfo::Kind kind) {
    const int parts =
        int(std::count_if(infos.begin(), infos.end(), [kind](const SliceInfo& info) { return info.kind == kind; }));
    int part = 0;
    for (SliceInfo& info : infos)
        if (info.kind == kind) {
            info.part = ++part;
            info.parts = parts;
        }
}

}  // namespace

std::vector<SliceInfo> sliceInfos(const TensorTable& table, const std::vector<SliceRange>& slices) {
    std::vector<SliceInfo> infos;
    for (const SliceRange& slice : slices)
        infos.push_back(infoOf(table, slice));
    countParts(infos, SliceInfo::Kind::Embedding);
    countParts(infos, SliceInfo::Kind::Head);
    return infos;
}

std::string wordsFor(const SliceInfo& slice) {
    const std::string first = std::to_string(slice.firstLayer), last = std::to_string(slice.lastLayer);
    switch (slice.kind) {
    case SliceInfo::Kind::Embedding:
        return "embedding";
    case SliceInfo::Kind::Head:
        return "head";
    case SliceInfo::Kind::HeadNorm:
        return "norm of the head";
    case SliceInfo::Kind::Attention:
        return "attention of layer " + first;
    case SliceInfo::Kind::Mlp:
        return "MLP of layer " + first;
    case SliceInfo::Kind::Layers:
        break;
    }
    return first == last ? "layer " + first : "layers " + first + " to " + last;
}

}  // namespace gsst
