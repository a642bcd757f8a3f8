// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/events.h"

#include <QStringList>

namespace gsst {

/// What a slice is, in a sentence: "embedding, part 1 of 3", "layers 3 to 4", "MLP of layer 7". Layers count from 1.
QString sliceWords(const SliceInfo& slice);

/// The same for a cell, the longest first: "embedding 1/3", "emb 1/3", "e1".
QStringList sliceLabels(const SliceInfo& slice);

}  // namespace gsst
