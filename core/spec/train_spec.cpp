// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/train_spec.h"

namespace gsst {

const char* nameOf(Precision precision) {
    switch (precision) {
    case Precision::Fp32: return "fp32";
    case Precision::Bf16: return "bf16";
    case Precision::Fp16: return "fp16";
    }
    return "";
}

}  // namespace gsst
