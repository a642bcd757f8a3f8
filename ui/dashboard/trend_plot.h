// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/dashboard/loss_panel.h"
#include "ui/dashboard/repaint_gate.h"
#include "ui/widgets/widgets.h"

#include <qcustomplot.h>

#include <limits>

namespace gsst {

/// A small card with the last steps of one or two figures over training time, a predicted line and a labelled limit.
class TrendPlot : public QFrame {
    Q_OBJECT
public:
    struct Line {
        QString name;
        LegendEntry::ColorOf color;
        bool dashed = false;
        bool filled = false;
    };
    TrendPlot(const Theme& theme, const QString& title, const std::vector<Line>& lines);

    void clear();
    void setTitle(const QString& title);
    /// A measured point: seconds of training so far, one value a line in the unit of the axis.
    void add(double seconds, const std::vector<double>& values);
    /// Horizontal dashed lines, with words unless empty; NaN = none.
    void setPredicted(double value, const QString& text);
    void setLimit(double value, const QString& text);
    /// Words right of the title, e.g. the newest value.
    void setNow(const QString& text);
    /// The last measured values, for tests and screen readers.
    const std::vector<std::vector<double>>& values() const { return m_values; }
    double predicted() const { return m_predicted.value; }

private:
    struct Level {
        double value = std::numeric_limits<double>::quiet_NaN();
        QCPItemStraightLine* line = nullptr;
        QCPItemText* text = nullptr;
    };
    void makeLevel(Level& level);
    void setLevel(Level& level, double value, const QString& text);
    void restyle();
    void draw();

    const Theme& m_theme;
    std::vector<Line> m_lines;
    QCustomPlot* m_plot = nullptr;
    ElidedLabel* m_title = nullptr;
    ElidedLabel* m_now = nullptr;
    RepaintGate* m_gate = nullptr;
    Level m_predicted, m_limit;
    std::vector<double> m_seconds;
    std::vector<std::vector<double>> m_values;  ///< one series a line
};

}  // namespace gsst
