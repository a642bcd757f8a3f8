// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dashboard/loss_plot.h"

#include "ui/dashboard/decimation.h"
#include "ui/dashboard/plot_style.h"
#include "ui/text/format.h"

#include <QLabel>

#include <cmath>

namespace gsst {
namespace {

enum Graph { Raw, Smooth, Validation };
constexpr int kInterval = 33;

}  // namespace

LossPlot::LossPlot(const Theme& theme, QWidget* parent) : QCustomPlot(parent), m_theme(theme) {
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Loss"));
    setMinimumHeight(110);
    for (int i = 0; i < 3; ++i)
        addGraph()->setAdaptiveSampling(false);
    setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
    setNoAntialiasingOnDrag(true);
    axisRect()->setMinimumMargins(QMargins(36, 6, 8, 18));
    m_cursor = new QCPItemStraightLine(this);
    m_cursor->setVisible(false);
    m_hover = new QLabel(this);
    m_hover->setProperty("look", "hover");
    m_hover->setAttribute(Qt::WA_TransparentForMouseEvents);
    m_hover->setMargin(7);
    m_hover->hide();
    m_gate = new RepaintGate(*this, kInterval, [this] { draw(); });
    connect(this, &QCustomPlot::mouseWheel, this, [this](QWheelEvent* event) {
        axisRect()->setRangeZoom(event->modifiers() & Qt::ControlModifier ? Qt::Vertical : Qt::Horizontal);
        stopFollowing();
    });
    connect(this, &QCustomPlot::mouseMove, this, [this](QMouseEvent* event) {
        if (event->buttons() & Qt::LeftButton)
            stopFollowing();
        hover(event->pos());
    });
    // Dragging and zooming show other points: they are picked anew for the new range.
    connect(xAxis, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this, [this] {
        if (!m_fitting)
            m_gate->request();
    });
    connect(&theme, &Theme::changed, this, [this] { restyle(); });
    restyle();
}

void LossPlot::restyle() {
    stylePlot(*this, m_theme);
    const ThemeTokens& color = m_theme.tokens();
    QColor thin = color.plot[0];
    thin.setAlphaF(1.0F / 3);
    graph(Raw)->setPen(QPen(thin, 1));
    graph(Smooth)->setPen(QPen(color.plot[0], 2.4));
    graph(Validation)->setPen(QPen(color.plot[1], 1.8));
    graph(Validation)
        ->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssCircle, QPen(color.plot[1], 1.6), QBrush(color.card), 7));
    m_cursor->setPen(QPen(color.text2, 1));
    for (const Mark& each : m_marks) {
        const QColor ink = each.broken ? color.error : color.text2;
        each.line->setPen(QPen(ink, 1.2, Qt::DashLine));
        each.text->setColor(ink);
        each.text->setFont(m_theme.font(TextSize::Axis, QFont::DemiBold));
    }
    dataChanged();
}

void LossPlot::dataChanged() {
    m_gate->request();
}

void LossPlot::setX(LossSeries::X kind) {
    m_x = kind;
    fit();
}

void LossPlot::setLogarithmic(Qt::Orientation orientation, bool logarithmic) {
    QCPAxis* axis = orientation == Qt::Horizontal ? xAxis : yAxis;
    axis->setScaleType(logarithmic ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    axis->setTicker(logarithmic ? QSharedPointer<QCPAxisTicker>(new QCPAxisTickerLog)
                                : QSharedPointer<QCPAxisTicker>(new QCPAxisTicker));
    axis->setNumberFormat("gb");
    fit();
}

void LossPlot::mark(int64_t step, const QString& text) {
    Mark mark{double(step), new QCPItemStraightLine(this), new QCPItemText(this), false};
    mark.text->setText(text);
    mark.text->setPositionAlignment(Qt::AlignLeft | Qt::AlignTop);
    mark.text->position->setTypeX(QCPItemPosition::ptPlotCoords);
    mark.text->position->setTypeY(QCPItemPosition::ptAxisRectRatio);
    m_marks.push_back(mark);
    restyle();
}

QString LossPlot::markText(int64_t step) const {
    const auto found =
        std::find_if(m_marks.rbegin(), m_marks.rend(), [step](const Mark& each) { return each.step == double(step); });
    return found != m_marks.rend() ? found->text->text() : QString();
}

void LossPlot::clearMarks() {
    for (const Mark& each : m_marks) {
        removeItem(each.line);
        removeItem(each.text);
    }
    m_marks.clear();
}

void LossPlot::fit() {
    const bool before = std::exchange(m_follow, true);
    if (!before)
        emit followingChanged(true);
    m_gate->request();
}

void LossPlot::stopFollowing() {
    if (std::exchange(m_follow, false))
        emit followingChanged(false);
    m_gate->request();
}

double LossPlot::xOf(double step) const {
    if (m_x == LossSeries::X::Steps)
        return step;
    if (m_x == LossSeries::X::Tokens)
        return m_series.tokensAt(step);
    const std::vector<double>& steps = m_series.x(LossSeries::X::Steps);
    const auto at = std::lower_bound(steps.begin(), steps.end(), step);
    return at == steps.end() ? 0 : m_series.x(m_x)[size_t(at - steps.begin())];
}

void LossPlot::drawNow() {
    draw();
}

void LossPlot::draw() {
    // A loss that is no number gets a red mark beside its gap.
    size_t known = 0;
    for (const Mark& each : m_marks)
        known += each.broken ? 1 : 0;
    const std::vector<double>& broken = m_series.brokenSteps();
    for (size_t i = known; i < broken.size() && i < 50; ++i) {
        mark(int64_t(broken[i]), tr("NaN at %1").arg(numberText(broken[i], 0)));
        m_marks.back().broken = true;
        restyle();
    }
    if (m_follow)
        fitRanges();
    drawGraphs();
    drawMarks();
    setAccessibleDescription(sentence());
    replot(QCustomPlot::rpQueuedReplot);
}

void LossPlot::fitRanges() {
    m_fitting = true;
    const std::vector<double>& x = m_series.x(m_x);
    const bool logX = xAxis->scaleType() == QCPAxis::stLogarithmic, logY = yAxis->scaleType() == QCPAxis::stLogarithmic;
    const double end = x.empty() ? 10 : m_x == LossSeries::X::Steps && !logX ? std::max(10.0, x.back()) : x.back();
    const double first = x.empty() ? 1 : std::max(x.front(), end * 1e-6);
    xAxis->setRange(logX ? first : 0, logX ? std::max(end, first * 2) : std::max(end * 1.04, 1e-9));
    double low = INFINITY, high = -INFINITY;
    const auto take = [&](double value) {
        if (std::isfinite(value)) {
            low = std::min(low, value);
            high = std::max(high, value);
        }
    };
    for (double value : m_series.raw())
        take(value);
    for (size_t i = 0; i < m_series.validations(); ++i)
        take(m_series.validationLoss(i));
    if (!(high >= low)) {
        low = 0;
        high = 10;
    }
    const double room = std::max(0.06 * (high - low), 0.01);
    yAxis->setRange(logY ? std::max(1e-6, low * 0.96) : std::max(0.0, low - room), logY ? high * 1.04 : high + room);
    m_fitting = false;
}

void LossPlot::drawGraphs() {
    const std::vector<double>& x = m_series.x(m_x);
    const PlotWindow window{xAxis->range().lower, xAxis->range().upper, std::max(50, axisRect()->width()),
                            xAxis->scaleType() == QCPAxis::stLogarithmic};
    const auto put = [&](Graph which, const std::vector<double>& y) {
        QVector<QCPGraphData> points;
        for (const PlotPoint& point : decimated(x, y, window))
            points.push_back(QCPGraphData(point.x, point.y));
        graph(which)->data()->set(points, true);
    };
    put(Raw, m_series.raw());
    put(Smooth, m_series.smoothedLoss());
    QVector<QCPGraphData> points;
    for (size_t i = 0; i < m_series.validations(); ++i)
        points.push_back(QCPGraphData(m_series.validationX(i, m_x), m_series.validationLoss(i)));
    graph(Validation)->data()->set(points, false);
}

void LossPlot::drawMarks() {
    for (const Mark& each : m_marks) {
        const double x = xOf(each.step);
        each.line->point1->setCoords(x, 0);
        each.line->point2->setCoords(x, 1);
        if (yAxis->scaleType() == QCPAxis::stLogarithmic)
            each.line->point1->setCoords(x, 0.5);
        each.text->position->setCoords(x + xAxis->range().size() * 0.006, 0.01);
    }
}

size_t LossPlot::nearest(double x) const {
    const std::vector<double>& all = m_series.x(m_x);
    const auto at = std::lower_bound(all.begin(), all.end(), x);
    size_t index = at == all.end() ? all.size() - 1 : size_t(at - all.begin());
    if (index > 0 && std::fabs(all[index - 1] - x) < std::fabs(all[index] - x))
        --index;
    return index;
}

QString LossPlot::hoverText(double x) const {
    if (m_series.size() == 0)
        return {};
    const size_t index = nearest(x);
    const double step = m_series.step(index);
    QStringList lines;
    lines << tr("step %1 · %2 tokens").arg(numberText(step, 0), countText(m_series.tokensAt(step)));
    const double raw = m_series.raw()[index];
    lines << (std::isfinite(raw) ? tr("loss %1 (raw %2)").arg(lossText(m_series.smoothedLoss()[index]), lossText(raw))
                                 : tr("loss is not a number"));
    for (size_t i = m_series.validations(); i-- > 0;)
        if (m_series.validationStep(i) <= step) {
            lines << tr("validation %1 (step %2)")
                         .arg(lossText(m_series.validationLoss(i)), numberText(m_series.validationStep(i), 0));
            break;
        }
    return lines.join('\n');
}

void LossPlot::hover(const QPoint& at) {
    const QString text = axisRect()->rect().contains(at) ? hoverText(xAxis->pixelToCoord(at.x())) : QString();
    m_hover->setVisible(!text.isEmpty());
    m_cursor->setVisible(!text.isEmpty());
    if (!text.isEmpty()) {
        const double x = m_series.x(m_x)[nearest(xAxis->pixelToCoord(at.x()))];
        m_cursor->point1->setCoords(x, yAxis->range().lower);
        m_cursor->point2->setCoords(x, yAxis->range().upper);
        m_hover->setText(text);
        m_hover->adjustSize();
        const int line = int(xAxis->coordToPixel(x));
        const bool right = line + m_hover->width() + 12 < width();
        m_hover->move(right ? line + 10 : std::max(0, line - m_hover->width() - 10),
                      std::clamp(at.y() - m_hover->height() / 2, 0, std::max(0, height() - m_hover->height())));
    }
    replot(QCustomPlot::rpQueuedReplot);
}

QString LossPlot::sentence() const {
    const std::vector<double>& loss = m_series.smoothedLoss();
    if (loss.empty() || !std::isfinite(loss.back()))
        return tr("No loss yet");
    const size_t back = std::min<size_t>(loss.size() - 1, std::max<size_t>(10, loss.size() / 10));
    const double before = loss[loss.size() - 1 - back];
    const QString value = lossText(loss.back());
    if (std::isfinite(before) && loss.back() < before * 0.998)
        return tr("Loss %1, falling").arg(value);
    if (std::isfinite(before) && loss.back() > before * 1.002)
        return tr("Loss %1, rising").arg(value);
    return tr("Loss %1, level").arg(value);
}

void LossPlot::keyPressEvent(QKeyEvent* event) {
    const double shift = xAxis->range().size() * 0.1;
    switch (event->key()) {
    case Qt::Key_Left:
    case Qt::Key_Right:
        stopFollowing();
        xAxis->moveRange(event->key() == Qt::Key_Left ? -shift : shift);
        return;
    case Qt::Key_Plus:
    case Qt::Key_Minus:
        stopFollowing();
        xAxis->scaleRange(event->key() == Qt::Key_Plus ? 0.8 : 1.25);
        return;
    default:
        QCustomPlot::keyPressEvent(event);
    }
}

void LossPlot::leaveEvent(QEvent* event) {
    QCustomPlot::leaveEvent(event);
    hover(QPoint(-1, -1));
}

void LossPlot::resizeEvent(QResizeEvent* event) {
    QCustomPlot::resizeEvent(event);
    if (m_gate)
        m_gate->request();
}

}  // namespace gsst
