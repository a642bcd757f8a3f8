// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/train_spec.h"
#include "tests/support/folders.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <sstream>
#include <string>
#include <vector>

namespace gsst::test {

/// Arrays of numbers that a script in Python reads and writes, in a folder that disappears with the object.
class TorchReference {
public:
    static bool hasPython() { return std::filesystem::exists(GSST_PYTHON); }

    template <typename Value>
    void write(const char* name, const std::vector<Value>& values) const {
        std::ofstream(m_folder / name, std::ios::binary)
            .write(reinterpret_cast<const char*>(values.data()), std::streamsize(values.size() * sizeof(Value)));
    }

    /// NaN where there is less.
    std::vector<float> read(const char* name, size_t count) const {
        std::vector<float> values(count, NAN);
        std::ifstream(m_folder / name, std::ios::binary)
            .read(reinterpret_cast<char*>(values.data()), std::streamsize(count * sizeof(float)));
        return values;
    }

    /// Runs the script of this test's build with the folder and these numbers as arguments; returns its exit status.
    int run(std::initializer_list<double> arguments) const {
        std::ostringstream command;
        command << std::setprecision(17) << "\"" GSST_PYTHON "\" " << std::filesystem::path(GSST_REFERENCE_SCRIPT)
                << ' ' << m_folder;
        for (const double argument : arguments)
            command << ' ' << argument;
        return std::system(command.str().c_str());
    }

    /// Whether that Python has neither torch nor numpy: nothing was computed.
    bool lacksTorch() const { return std::filesystem::exists(m_folder / "missing"); }

private:
    TemporaryFolder m_temporary;
    const std::filesystem::path& m_folder = m_temporary.path;
};

}  // namespace gsst::test
