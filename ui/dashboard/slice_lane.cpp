// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dashboard/slice_lane.h"

#include "ui/dashboard/slice_words.h"
#include "ui/text/format.h"

#include <QHelpEvent>
#include <QPainter>
#include <QToolTip>

#include <array>

namespace gsst {
namespace {

constexpr int kCell = 28, kRail = 12, kRailGap = 3, kSection = 8, kSwatch = 18, kLegendGap = 14;
constexpr std::array<SliceState, 6> kStates{SliceState::Waiting,   SliceState::Reading, SliceState::Ready,
                                            SliceState::Computing, SliceState::Writing, SliceState::Written};
constexpr std::array<SliceState, 3> kRailStates{SliceState::Reading, SliceState::Computing, SliceState::Writing};

}  // namespace

QString sliceStateName(SliceState state) {
    switch (state) {
    case SliceState::Waiting:
        return SliceLane::tr("waiting");
    case SliceState::Reading:
        return SliceLane::tr("reading");
    case SliceState::Ready:
        return SliceLane::tr("ready");
    case SliceState::Computing:
        return SliceLane::tr("computing");
    case SliceState::Writing:
        return SliceLane::tr("writing");
    case SliceState::Written:
        return SliceLane::tr("done");
    }
    return {};
}

void paintSliceState(QPainter& painter, const QRectF& rect, const ThemeTokens& color, SliceState state, double radius) {
    QColor ground = blended(color.line, color.card, 0.6), edge = color.line;
    Qt::BrushStyle hatch = Qt::NoBrush;
    switch (state) {
    case SliceState::Waiting:
        break;
    case SliceState::Reading:
        ground = blended(color.read, color.card, 0.45), edge = color.read, hatch = Qt::BDiagPattern;
        break;
    case SliceState::Ready:
        ground = color.ready, edge = color.read;
        break;
    case SliceState::Computing:
        ground = color.compute, edge = color.compute;
        break;
    case SliceState::Writing:
        ground = blended(color.write, color.card, 0.35), edge = color.write, hatch = Qt::FDiagPattern;
        break;
    case SliceState::Written:
        ground = color.written, edge = color.written;
        break;
    }
    painter.setPen(QPen(edge, 1));
    painter.setBrush(ground);
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius);
    if (hatch == Qt::NoBrush)
        return;
    painter.setPen(Qt::NoPen);
    painter.setBrush(QBrush(edge, hatch));
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius);
}

SliceLane::SliceLane(const Theme& theme, QWidget* parent) : QWidget(parent), m_theme(theme) {
    setAccessibleName(tr("Slice lane"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    m_clock.start();
    m_gate = new RepaintGate(*this, 100, [this] {
        update();
        emit painted();
    });
    m_motion.setInterval(100);
    connect(&m_motion, &QTimer::timeout, this, [this] { m_gate->request(); });
    connect(&theme, &Theme::changed, this, [this] {
        updateGeometry();
        update();
    });
}

QSize SliceLane::minimumSizeHint() const {
    return {200, kCell + kSection + 3 * (kRail + kRailGap) + QFontMetrics(m_theme.font(TextSize::Axis)).height() + 2};
}

void SliceLane::reset(int slices, std::vector<SliceInfo> infos) {
    m_model.reset(slices);
    m_infos = infos.size() == size_t(m_model.slices()) ? std::move(infos) : std::vector<SliceInfo>();
    m_gate->request();
}

void SliceLane::add(const SliceActivity& activity) {
    m_model.add(activity, now());
    m_gate->request();
}

void SliceLane::setRunning(bool running) {
    if (running)
        m_motion.start();
    else {
        m_motion.stop();
        m_model.idle(now());
    }
    m_gate->request();
}

QString SliceLane::sentence() const {
    if (m_model.computing() < 0)
        return {};
    const QString sweep = m_model.sweep() == Sweep::Backward ? tr("backward sweep") : tr("forward sweep");
    return tr("%1 · %2, micro-batch %3 of %4")
        .arg(sweep, sliceWords(m_model.computing()))
        .arg(m_model.microBatch() + 1)
        .arg(m_model.microBatches());
}

int SliceLane::labelWidth() const {
    const QFontMetrics metrics(m_theme.font(TextSize::Axis));
    int width = 0;
    for (const QString& text : {tr("Disk read"), tr("Compute"), tr("Disk write")})
        width = std::max(width, metrics.horizontalAdvance(text));
    return width + 8;
}

QRectF SliceLane::cellsRect() const {
    return {0, 0, double(width()), kCell};
}

double SliceLane::cellLeft(size_t index, size_t count) const {
    const double extra = count > 2 && int(count) == m_model.slices() ? 0.5 : 0.0;
    const double unit = width() / (double(count) + 2 * extra);
    const double before = double(index) + (index > 0 ? extra : 0) + (index == count ? extra : 0);
    return unit * before;
}

QRectF SliceLane::railsRect() const {
    return {double(labelWidth()), kCell + kSection, double(width() - labelWidth()), 3 * (kRail + kRailGap)};
}

/// Counts as the cells do.
QString SliceLane::sliceWords(int slice) const {
    if (!m_infos.empty())
        return gsst::sliceWords(m_infos[size_t(slice)]);
    const int slices = m_model.slices();
    if (slices <= 2)
        return tr("slice %1 of %2").arg(slice + 1).arg(slices);
    return slice == 0            ? tr("embedding")
           : slice == slices - 1 ? tr("head")
                                 : tr("slice %1 of %2").arg(slice).arg(slices - 2);
}

QString SliceLane::cellText(const SliceLaneModel::Cell& cell, double room) const {
    QStringList texts;
    if (cell.first != cell.last)
        texts << QString("%1–%2").arg(cell.first + 1).arg(cell.last + 1);
    else if (!m_infos.empty())
        texts = sliceLabels(m_infos[size_t(cell.first)]);
    else if (m_model.slices() > 2 && cell.first == 0)
        texts << tr("embed");
    else if (m_model.slices() > 2 && cell.first == m_model.slices() - 1)
        texts << tr("head");
    else
        texts << QString::number(m_model.slices() > 2 ? cell.first : cell.first + 1);
    const QFontMetrics metrics(m_theme.font(TextSize::Hint));
    for (const QString& text : texts)
        if (metrics.horizontalAdvance(text) + 4 <= room)
            return text;
    return texts.back();
}

QString SliceLane::cellTip(double x) const {
    const auto cells = m_model.cells();
    if (cells.empty())
        return {};
    size_t at = 0;
    while (at + 1 < cells.size() && cellLeft(at + 1, cells.size()) <= x)
        ++at;
    const SliceLaneModel::Cell& cell = cells[at];
    const QString number = cell.first == cell.last
                               ? tr("Slice %1 of %2").arg(cell.first + 1).arg(m_model.slices())
                               : tr("Slices %1–%2 of %3").arg(cell.first + 1).arg(cell.last + 1).arg(m_model.slices());
    if (m_infos.empty())
        return tr("%1: %2").arg(number, sliceStateName(cell.state));
    const QString words = cell.first == cell.last ? sliceWords(cell.first)
                                                  : tr("%1 to %2").arg(sliceWords(cell.first), sliceWords(cell.last));
    return tr("%1, %2: %3").arg(number, words, sliceStateName(cell.state));
}

void SliceLane::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    paintCells(painter, cellsRect());
    paintRails(painter, railsRect());
    paintTimes(painter, railsRect());
}

void SliceLane::paintCells(QPainter& painter, const QRectF& room) const {
    const ThemeTokens& color = m_theme.tokens();
    const auto cells = m_model.cells();
    painter.setFont(m_theme.font(TextSize::Hint));
    if (cells.empty()) {
        painter.setPen(color.text2);
        painter.drawText(room, int(Qt::AlignVCenter | Qt::AlignLeft), tr("The slices appear while the run trains."));
        return;
    }
    for (size_t i = 0; i < cells.size(); ++i) {
        const SliceLaneModel::Cell& cell = cells[i];
        const double left = cellLeft(i, cells.size()), right = cellLeft(i + 1, cells.size());
        const QRectF rect(left + 1, room.top() + 1, std::max(3.0, right - left - 2), room.height() - 2);
        paintSliceState(painter, rect, color, cell.state, 4);
        const bool computing = cell.state == SliceState::Computing;
        if (computing) {
            painter.setPen(Qt::NoPen);
            painter.setBrush(blended(Qt::black, color.compute, 0.28));
            painter.drawRect(QRectF(rect.left() + 2, rect.bottom() - 5, (rect.width() - 4) * cell.done, 4));
            painter.setPen(QPen(color.text, 2));
            painter.setBrush(Qt::NoBrush);
            painter.drawRoundedRect(rect, 4, 4);
        }
        const QString text = cellText(cell, rect.width());
        const QFontMetrics metrics(painter.font());
        if (metrics.horizontalAdvance(text) + 4 > rect.width())
            continue;
        const bool hatched = cell.state == SliceState::Reading || cell.state == SliceState::Writing;
        if (hatched) {
            QRectF plate(0, 0, metrics.horizontalAdvance(text) + 8, metrics.height());
            plate.moveCenter(rect.center());
            painter.setPen(Qt::NoPen);
            painter.setBrush(color.card);
            painter.drawRoundedRect(plate, 3, 3);
        }
        painter.setPen(computing ? color.onCompute : cell.state == SliceState::Waiting ? color.text2 : color.text);
        painter.drawText(rect, int(Qt::AlignCenter), text);
    }
}

void SliceLane::paintRails(QPainter& painter, const QRectF& room) const {
    const ThemeTokens& color = m_theme.tokens();
    const std::array<QString, 3> names{tr("Disk read"), tr("Compute"), tr("Disk write")};
    const double end = now(), start = end - SliceLaneModel::kRailSeconds;
    painter.setFont(m_theme.font(TextSize::Axis));
    for (int rail = 0; rail < SliceLaneModel::RailCount; ++rail) {
        const QRectF line(room.left(), room.top() + rail * (kRail + kRailGap), room.width(), kRail);
        painter.setPen(color.text2);
        painter.drawText(QRectF(0, line.top() - 3, room.left(), line.height() + 6),
                         int(Qt::AlignVCenter | Qt::AlignLeft), names[size_t(rail)]);
        painter.fillRect(line, color.inset);
        for (const SliceLaneModel::Span& span : m_model.rail(SliceLaneModel::Rail(rail))) {
            const double to = span.to < 0 ? end : span.to;
            if (to <= start)
                continue;
            const double left =
                line.left() + line.width() * (std::max(span.from, start) - start) / SliceLaneModel::kRailSeconds;
            const double right = line.left() + line.width() * (to - start) / SliceLaneModel::kRailSeconds;
            paintSliceState(painter, QRectF(left, line.top(), std::max(1.5, right - left - 1), line.height()), color,
                            kRailStates[size_t(rail)], 1);
        }
    }
}

void SliceLane::paintTimes(QPainter& painter, const QRectF& room) const {
    painter.setFont(m_theme.font(TextSize::Axis));
    painter.setPen(m_theme.tokens().text2);
    for (int seconds : {6, 4, 2, 0}) {
        const double x = room.right() - room.width() * seconds / SliceLaneModel::kRailSeconds;
        const QString text =
            seconds == 0 ? tr("now") : tr("%1 s").arg(QString(QChar(0x2212)) + QString::number(seconds));
        const double width = QFontMetrics(painter.font()).horizontalAdvance(text) + 2;
        const double left = std::clamp(x - width / 2, room.left(), room.right() - width);
        painter.drawText(QRectF(left, room.bottom(), width, height() - room.bottom()), int(Qt::AlignCenter), text);
    }
}

bool SliceLane::event(QEvent* event) {
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    QString text;
    if (cellsRect().contains(help->pos()))
        text = cellTip(help->pos().x());
    else if (railsRect().contains(help->pos()))
        text = m_model.rail(SliceLaneModel::Read).empty()
                   ? tr("A gap in Compute: between steps, or the processor is shared.")
                   : tr("A gap in Compute is a stall: the disk still reads or writes.");
    QToolTip::showText(help->globalPos(), text, this);
    return true;
}

SliceLegend::SliceLegend(const Theme& theme, QWidget* parent) : QWidget(parent), m_theme(theme) {
    setAccessibleName(SliceLane::tr("Legend of the slice lane"));
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    connect(&theme, &Theme::changed, this, [this] {
        updateGeometry();
        update();
    });
}

QSize SliceLegend::sizeHint() const {
    const QFontMetrics metrics(m_theme.font(TextSize::Hint));
    int width = 0;
    for (SliceState state : kStates)
        width += kSwatch + metrics.horizontalAdvance(sliceStateName(state)) + kLegendGap;
    return {width - kLegendGap + 2, metrics.height() + 2};
}

void SliceLegend::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(m_theme.font(TextSize::Hint));
    const QFontMetrics metrics(painter.font());
    double x = width() - sizeHint().width();
    for (SliceState state : kStates) {
        paintSliceState(painter, QRectF(x, (height() - 11) / 2.0, 11, 11), m_theme.tokens(), state, 2);
        painter.setPen(m_theme.tokens().text2);
        const int advance = metrics.horizontalAdvance(sliceStateName(state));
        painter.drawText(QRectF(x + 17, 0, advance + 2, height()), int(Qt::AlignVCenter), sliceStateName(state));
        x += kSwatch + advance + kLegendGap;
    }
}

}  // namespace gsst
