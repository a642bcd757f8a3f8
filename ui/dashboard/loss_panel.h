// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/dashboard/loss_plot.h"
#include "ui/widgets/widgets.h"

#include <QComboBox>
#include <QSlider>

namespace gsst {

/// The loss card: legend, controls, plot.
class LossPanel : public QFrame {
    Q_OBJECT
public:
    explicit LossPanel(const Theme& theme);
    LossPlot& plot() { return *m_plot; }
    const LossPlot& plot() const { return *m_plot; }
    /// Whether the legend has the validation: not as long as there is none, a run may go without.
    void showValidation(bool any) { m_validation->setVisible(any); }
    void exportFile();  ///< PNG at twice the size, or CSV of the raw values

private:
    QLayout* makeControls();
    void smoothingMoved(int percent);

    const Theme& m_theme;
    LossPlot* m_plot = nullptr;
    QWidget* m_validation = nullptr;
    QPushButton* m_follow = nullptr;
    ElidedLabel* m_smooth = nullptr;
};

/// A short line (thin, thick, dashed or with a marker) and a word.
class LegendEntry : public QWidget {
public:
    enum class Line { Thin, Thick, Dashed, Marked };
    using ColorOf = std::function<QColor(const ThemeTokens&)>;
    LegendEntry(const Theme& theme, const QString& text, Line line, ColorOf color);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    const Theme& m_theme;
    QString m_text;
    Line m_line;
    ColorOf m_color;
};

}  // namespace gsst
