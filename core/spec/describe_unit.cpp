// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/describe_unit.h"

namespace gsst {

std::string wordsFor(const UnitInfo& unit) {
    switch (unit.kind) {
    case UnitKind::Embedding:
        return "embedding";
    case UnitKind::Attention:
        return "attention of layer " + std::to_string(countedFromOne(unit.layer));
    case UnitKind::Mlp:
        return "MLP of layer " + std::to_string(countedFromOne(unit.layer));
    case UnitKind::Head:
        break;
    }
    return "head";
}

std::string labelFor(const UnitInfo& unit) {
    switch (unit.kind) {
    case UnitKind::Embedding:
        return "emb";
    case UnitKind::Attention:
        return std::to_string(countedFromOne(unit.layer)) + "a";
    case UnitKind::Mlp:
        return std::to_string(countedFromOne(unit.layer)) + "m";
    case UnitKind::Head:
        break;
    }
    return "head";
}

}  // namespace gsst
