// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dashboard/plot_style.h"

#include <qcustomplot.h>

namespace gsst {

void stylePlot(QCustomPlot& plot, const Theme& theme) {
    const ThemeTokens& color = theme.tokens();
    plot.setBackground(color.card);
    plot.setLocale(QLocale());
    const QFont font = theme.font(TextSize::Axis);
    for (QCPAxis* axis : {plot.xAxis, plot.yAxis}) {
        axis->setTickLabelFont(font);
        axis->setLabelFont(font);
        axis->setTickLabelColor(color.text2);
        axis->setLabelColor(color.text2);
        axis->setSubTicks(false);
        axis->setTickLength(0, axis == plot.xAxis ? 4 : 0);
        axis->setTickPen(QPen(color.edge, 1));
        axis->setBasePen(axis == plot.xAxis ? QPen(color.edge, 1) : QPen(Qt::NoPen));
        axis->grid()->setPen(QPen(blended(color.line, color.card, 0.7), 1));
        axis->grid()->setZeroLinePen(QPen(Qt::NoPen));
        axis->grid()->setVisible(axis == plot.yAxis);
    }
}

}  // namespace gsst
