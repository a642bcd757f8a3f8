// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dashboard/decimation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace gsst {
namespace {

/// Collects one pixel column.
class Column {
public:
    void add(size_t index, double value) {
        if (m_empty || value < m_lowValue) {
            m_low = index;
            m_lowValue = value;
        }
        if (m_empty || value > m_highValue) {
            m_high = index;
            m_highValue = value;
        }
        if (m_empty)
            m_first = index;
        m_last = index;
        m_empty = false;
    }
    void flush(std::span<const double> x, std::span<const double> y, std::vector<PlotPoint>& out) {
        if (m_empty)
            return;
        std::array<size_t, 4> order{m_first, m_low, m_high, m_last};
        std::sort(order.begin(), order.end());
        const auto end = std::unique(order.begin(), order.end());
        for (auto it = order.begin(); it != end; ++it)
            out.push_back({x[*it], y[*it]});
        m_empty = true;
    }

private:
    size_t m_first = 0, m_low = 0, m_high = 0, m_last = 0;
    double m_lowValue = 0, m_highValue = 0;
    bool m_empty = true;
};

}  // namespace

std::vector<PlotPoint> decimated(std::span<const double> x, std::span<const double> y, const PlotWindow& window) {
    std::vector<PlotPoint> out;
    if (x.empty() || window.columns <= 0 || !(window.high > window.low))
        return out;
    size_t first = size_t(std::lower_bound(x.begin(), x.end(), window.low) - x.begin());
    size_t last = size_t(std::upper_bound(x.begin(), x.end(), window.high) - x.begin());
    first -= first > 0 ? 1 : 0;
    last += last < x.size() ? 1 : 0;
    const auto scaled = [&window](double value) {
        return window.logarithmic ? std::log(std::max(value, 1e-300)) : value;
    };
    const double low = scaled(window.low);
    const double perColumn = (scaled(window.high) - low) / window.columns;
    Column column;
    long current = std::numeric_limits<long>::min();
    bool gap = false;
    for (size_t i = first; i < last; ++i) {
        if (!std::isfinite(y[i])) {
            column.flush(x, y, out);
            if (!gap)
                out.push_back({x[i], std::numeric_limits<double>::quiet_NaN()});
            gap = true;
            continue;
        }
        gap = false;
        const long at = std::lround(std::floor((scaled(x[i]) - low) / perColumn));
        if (at != current)
            column.flush(x, y, out);
        current = at;
        column.add(i, y[i]);
    }
    column.flush(x, y, out);
    return out;
}

}  // namespace gsst
