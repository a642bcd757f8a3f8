// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dashboard/trend_plot.h"

#include "ui/dashboard/plot_style.h"
#include "ui/text/format.h"

#include <algorithm>
#include <cmath>

namespace gsst {
namespace {

constexpr size_t kShown = 240;
constexpr size_t kKept = 2 * kShown;

}  // namespace

TrendPlot::TrendPlot(const Theme& theme, const QString& title, const std::vector<Line>& lines)
    : m_theme(theme), m_lines(lines), m_values(lines.size()) {
    setProperty("look", "card");
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(12, 7, 8, 4);
    column->setSpacing(0);
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    m_title = new ElidedLabel(title, "strong");
    row->addWidget(m_title);
    m_now = new ElidedLabel({}, "hint");
    m_now->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_now->hide();
    row->addWidget(m_now, 1);
    row->addStretch();
    if (lines.size() > 1)
        for (const Line& line : lines)
            row->addWidget(new LegendEntry(
                theme, line.name, line.dashed ? LegendEntry::Line::Dashed : LegendEntry::Line::Thick, line.color));
    column->addLayout(row);
    m_plot = new QCustomPlot;
    m_plot->setMinimumHeight(72);
    m_plot->setAccessibleName(title);
    m_plot->axisRect()->setMinimumMargins(QMargins(30, 6, 8, 16));
    for (size_t i = 0; i < lines.size(); ++i)
        m_plot->addGraph();
    makeLevel(m_predicted);
    makeLevel(m_limit);
    m_gate = new RepaintGate(*m_plot, 66, [this] { draw(); });
    connect(&theme, &Theme::changed, this, [this] { restyle(); });
    column->addWidget(m_plot, 1);
    restyle();
}

void TrendPlot::makeLevel(Level& level) {
    // In this order: the line is drawn over the ground of its words.
    level.text = new QCPItemText(m_plot);
    level.line = new QCPItemStraightLine(m_plot);
    level.text->setPositionAlignment(Qt::AlignRight | Qt::AlignBottom);
    level.text->position->setTypeX(QCPItemPosition::ptAxisRectRatio);
    level.text->position->setTypeY(QCPItemPosition::ptPlotCoords);
    level.text->setClipToAxisRect(false);
    level.line->setVisible(false);
    level.text->setVisible(false);
}

void TrendPlot::restyle() {
    stylePlot(*m_plot, m_theme);
    const ThemeTokens& color = m_theme.tokens();
    for (size_t i = 0; i < m_lines.size(); ++i) {
        const QColor ink = m_lines[i].color(color);
        QCPGraph* graph = m_plot->graph(int(i));
        graph->setPen(QPen(ink, 1.8, m_lines[i].dashed ? Qt::DashLine : Qt::SolidLine));
        QColor fill = ink;
        fill.setAlphaF(0.18F);
        graph->setBrush(m_lines[i].filled ? QBrush(fill) : QBrush(Qt::NoBrush));
    }
    m_predicted.line->setPen(QPen(color.plot[4], 1.6, Qt::DashLine));
    m_limit.line->setPen(QPen(color.error, 1.6, Qt::DashLine));
    m_predicted.text->setColor(color.text2);
    m_limit.text->setColor(color.error);
    QColor ground = color.card;
    ground.setAlphaF(0.8F);
    for (Level* level : {&m_predicted, &m_limit}) {
        level->text->setFont(m_theme.font(TextSize::Axis, QFont::DemiBold));
        level->text->setBrush(ground);
    }
    m_gate->request();
}

void TrendPlot::clear() {
    m_seconds.clear();
    for (auto& values : m_values)
        values.clear();
    setNow({});
    m_gate->request();
}

void TrendPlot::add(double seconds, const std::vector<double>& values) {
    m_seconds.push_back(seconds);
    for (size_t i = 0; i < m_values.size(); ++i)
        m_values[i].push_back(values[i]);
    if (m_seconds.size() > kKept) {
        m_seconds.erase(m_seconds.begin(), m_seconds.end() - kShown);
        for (auto& series : m_values)
            series.erase(series.begin(), series.end() - kShown);
    }
    m_gate->request();
}

void TrendPlot::setLevel(Level& level, double value, const QString& text) {
    level.value = value;
    const bool shown = std::isfinite(value);
    level.line->setVisible(shown);
    level.text->setVisible(shown && !text.isEmpty());
    if (shown) {
        level.line->point1->setCoords(0, value);
        level.line->point2->setCoords(1, value);
        level.text->setText(text);
        level.text->position->setCoords(0.99, value);
    }
    m_gate->request();
}

void TrendPlot::setTitle(const QString& title) {
    m_title->setFullText(title);
    m_plot->setAccessibleName(title);
}

void TrendPlot::setPredicted(double value, const QString& text) {
    setLevel(m_predicted, value, text);
}

void TrendPlot::setLimit(double value, const QString& text) {
    setLevel(m_limit, value, text);
}

void TrendPlot::setNow(const QString& text) {
    m_now->setFullText(text);
    m_now->setVisible(!text.isEmpty());
    m_plot->setAccessibleDescription(text);
}

void TrendPlot::draw() {
    const size_t from = m_seconds.size() > kShown ? m_seconds.size() - kShown : 0;
    double high = 0;
    for (double level : {m_predicted.value, m_limit.value})
        if (std::isfinite(level))
            high = std::max(high, level);
    for (size_t i = 0; i < m_values.size(); ++i) {
        QVector<QCPGraphData> points;
        for (size_t k = from; k < m_seconds.size(); ++k) {
            points.push_back(QCPGraphData(m_seconds[k], m_values[i][k]));
            if (std::isfinite(m_values[i][k]))
                high = std::max(high, m_values[i][k]);
        }
        m_plot->graph(int(i))->data()->set(points, true);
    }
    const double first = m_seconds.empty() ? 0 : m_seconds[from], last = m_seconds.empty() ? 1 : m_seconds.back();
    const double end = std::max(last, first + 1e-3);
    m_plot->xAxis->setRange(first, end);
    m_plot->yAxis->setRange(0, high > 0 ? high * 1.22 : 1);
    m_plot->yAxis->setTickLabels(high > 0);
    m_plot->yAxis->ticker()->setTickCount(3);
    QSharedPointer<QCPAxisTickerText> ends(new QCPAxisTickerText);
    // Labels are centred on their ticks: a little inside, they are not cut.
    const double inset = (end - first) * 0.06;
    if (!m_seconds.empty()) {
        ends->addTick(first + inset * 1.4, QString(QChar(0x2212)) + durationText(last - first));
        ends->addTick(end - inset * 0.8, tr("now"));
    }
    m_plot->xAxis->setTicker(ends);
    m_plot->xAxis->setTickLength(0, 0);
    // A predicted line close to the limit would write over the limit's word.
    const bool close = std::isfinite(m_limit.value) && std::isfinite(m_predicted.value) &&
                       std::fabs(m_limit.value - m_predicted.value) < high * 0.25;
    m_predicted.text->setPositionAlignment(
        close && m_predicted.value < m_limit.value ? Qt::AlignRight | Qt::AlignTop : Qt::AlignRight | Qt::AlignBottom);
    m_plot->replot(QCustomPlot::rpQueuedReplot);
}

}  // namespace gsst
