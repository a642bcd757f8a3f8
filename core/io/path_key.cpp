// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/path_key.h"

#include <algorithm>

namespace gsst {

namespace fs = std::filesystem;

fs::path keyOf(const fs::path& path) {
    fs::path key = (fs::path("/") / path.relative_path()).lexically_normal();
    if (!key.has_filename())
        key = key.parent_path();
    return key.has_relative_path() ? key : fs::path();
}

fs::path parentOf(const fs::path& key) {
    return keyOf(key.parent_path());
}

bool isAtOrBelow(const fs::path& key, const fs::path& folder) {
    return std::mismatch(folder.begin(), folder.end(), key.begin(), key.end()).first == folder.end();
}

fs::path movedKey(const fs::path& key, const fs::path& from, const fs::path& to) {
    return key == from ? to : to / key.lexically_relative(from);
}

}  // namespace gsst
