// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace gsst {

struct PlotPoint {
    double x = 0;
    double y = 0;
};

/// What part of a series is drawn, and on how many pixel columns.
struct PlotWindow {
    double low = 0;
    double high = 1;
    int columns = 800;
    bool logarithmic = false;  ///< of x; low must then be positive
};

/// At most four points a pixel column (first, lowest, highest, last, in order of x), so that no spike is lost, plus one
/// point beyond each edge. NaN in y comes out as one NaN between what surrounds it: a gap. `x` must not decrease; both
/// spans have the same length.
std::vector<PlotPoint> decimated(std::span<const double> x, std::span<const double> y, const PlotWindow& window);

}  // namespace gsst
