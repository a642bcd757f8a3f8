// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/dashboard/loss_series.h"
#include "ui/dashboard/repaint_gate.h"
#include "ui/theme/theme.h"

#include <qcustomplot.h>

class QLabel;

namespace gsst {

/// Raw, smoothed and validation loss of up to a million steps. Wheel zooms x, Ctrl+wheel y, drag pans, fit() shows all
/// and follows again. Repaints at most 30 times a second and only while visible.
class LossPlot : public QCustomPlot {
    Q_OBJECT
public:
    explicit LossPlot(const Theme& theme, QWidget* parent = nullptr);

    LossSeries& series() { return m_series; }
    const LossSeries& series() const { return m_series; }
    /// After series() changed.
    void dataChanged();
    void setX(LossSeries::X kind);
    void setLogarithmic(Qt::Orientation axis, bool logarithmic);
    /// A vertical mark, e.g. where a session resumed.
    void mark(int64_t step, const QString& text);
    QString markText(int64_t step) const;  ///< of the newest mark there; empty without one
    void clearMarks();
    void fit();
    bool following() const { return m_follow; }
    /// One sentence for screen readers and tooltips: "Loss 1.95, falling".
    QString sentence() const;
    /// All series at the step nearest to x, as the hover box shows them; empty without data.
    QString hoverText(double x) const;
    int64_t repaints() const { return m_gate->count(); }
    /// Draws now, whatever the gate says. For export and tests.
    void drawNow();

signals:
    void followingChanged(bool following);

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    struct Mark {
        double step;
        QCPItemStraightLine* line;
        QCPItemText* text;
        bool broken;
    };
    void restyle();
    void draw();
    void drawGraphs();
    void drawMarks();
    void fitRanges();
    void stopFollowing();
    void hover(const QPoint& at);
    double xOf(double step) const;
    size_t nearest(double x) const;

    const Theme& m_theme;
    LossSeries m_series;
    RepaintGate* m_gate = nullptr;
    QCPItemStraightLine* m_cursor = nullptr;
    QLabel* m_hover = nullptr;
    std::vector<Mark> m_marks;
    LossSeries::X m_x = LossSeries::X::Steps;
    bool m_follow = true;
    bool m_fitting = false;
};

}  // namespace gsst
