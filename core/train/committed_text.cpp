// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/committed_text.h"

namespace gsst {

Result<std::string> committedText(const TextModel&, const GenerateOptions&, const std::function<void(const std::string&)>&, std::stop_token) {
    return std::string();
}

}  // namespace gsst
