// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/runs/run_row_delegate.h"

#include "ui/runs/run_list_model.h"
#include "ui/text/format.h"
#include "ui/theme/icons.h"

#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace gsst {
namespace {

constexpr int kButtonHeight = 26, kButtonIcon = 13;

void drawElided(QPainter& painter, const QRect& rect, const QFont& font, const QString& text,
                Qt::Alignment alignment = Qt::AlignLeft | Qt::AlignVCenter) {
    painter.setFont(font);
    painter.drawText(rect, int(alignment), QFontMetrics(font).elidedText(text, Qt::ElideRight, rect.width()));
}

}  // namespace

RunRowDelegate::RunRowDelegate(const Theme& theme, const RunListModel& runs, const QSortFilterProxyModel& proxy,
                               QObject* parent)
    : QStyledItemDelegate(parent), m_theme(theme), m_runs(runs), m_proxy(proxy) {}

void RunRowDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    QStyleOptionViewItem ground = option;
    initStyleOption(&ground, index);
    const bool plain = index.column() == RunListModel::Disk || index.column() == RunListModel::Changed;
    if (!plain)
        ground.text.clear();
    option.widget->style()->drawControl(QStyle::CE_ItemViewItem, &ground, painter, option.widget);
    const int row = m_proxy.mapToSource(index).row();
    const QRect room = option.rect.adjusted(8, 0, -6, 0);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    switch (index.column()) {
    case RunListModel::Name:
        paintName(*painter, room, row);
        break;
    case RunListModel::State:
        paintPill(*painter, room, m_theme, m_runs.pill(row));
        break;
    case RunListModel::Progress:
        paintProgress(*painter, room, row);
        break;
    case RunListModel::Loss:
        paintLoss(*painter, room, row);
        break;
    case RunListModel::Action:
        paintAction(*painter, option.rect, row);
        break;
    default:
        break;
    }
    painter->restore();
}

void RunRowDelegate::paintName(QPainter& painter, const QRect& rect, int row) const {
    const QFont name = m_theme.font(TextSize::Section, QFont::DemiBold), origin = m_theme.font(TextSize::Hint);
    const int middle = rect.center().y();
    const int up = QFontMetrics(name).height(), down = QFontMetrics(origin).height();
    painter.setPen(m_theme.tokens().text);
    drawElided(painter, QRect(rect.left(), middle - up, rect.width(), up), name, fromUtf8(m_runs.run(row).name));
    painter.setPen(m_theme.tokens().text2);
    drawElided(painter, QRect(rect.left(), middle + 1, rect.width(), down), origin, fromUtf8(m_runs.run(row).title));
}

void RunRowDelegate::paintProgress(QPainter& painter, const QRect& rect, int row) const {
    const ThemeTokens& color = m_theme.tokens();
    const PillLook look = m_runs.pill(row);
    const int middle = rect.center().y();
    const QRectF bar(rect.left(), middle - 12, std::min(rect.width(), 128), 8);
    painter.setPen(Qt::NoPen);
    painter.setBrush(blended(color.line, color.card, 0.75));
    painter.drawRoundedRect(bar, 4, 4);
    QRectF done = bar;
    done.setWidth(bar.width() * m_runs.share(row));
    const bool moving = look.color == &ThemeTokens::info;
    painter.setBrush(look.color == &ThemeTokens::text2 ? color.edge : moving ? color.accent : color.*look.color);
    if (done.width() > 0)
        painter.drawRoundedRect(done, 4, 4);
    painter.setPen(color.text2);
    drawElided(painter, QRect(rect.left(), middle, rect.width(), 20), m_theme.font(TextSize::Hint),
               m_runs.progressText(row));
}

void RunRowDelegate::paintLoss(QPainter& painter, const QRect& rect, int row) const {
    const ThemeTokens& color = m_theme.tokens();
    const std::vector<float>& history = m_runs.run(row).lossHistory;
    const double loss = m_runs.loss(row);
    if (loss <= 0) {
        painter.setPen(color.text2);
        return drawElided(painter, rect, m_theme.font(TextSize::Hint), tr("no loss yet"));
    }
    const QFont font = m_theme.font(TextSize::Section, QFont::DemiBold);
    const QString figure = numberText(loss, 2);
    const int figureWidth = QFontMetrics(font).horizontalAdvance(figure) + 4;
    painter.setPen(color.text);
    drawElided(painter, rect, font, figure, Qt::AlignRight | Qt::AlignVCenter);
    const QRectF room = QRectF(rect).adjusted(2, 14, -figureWidth - 6, -14);
    std::vector<float> finite;
    std::copy_if(history.begin(), history.end(), std::back_inserter(finite),
                 [](float value) { return std::isfinite(value); });
    if (finite.size() < 2 || room.width() < 12)
        return;
    const auto [low, high] = std::minmax_element(finite.begin(), finite.end());
    const double span = std::max(1e-9, double(*high) - double(*low));
    QPolygonF line;
    for (size_t i = 0; i < finite.size(); ++i)
        line << QPointF(room.left() + room.width() * double(i) / double(finite.size() - 1),
                        room.bottom() - room.height() * (double(finite[i]) - double(*low)) / span);
    painter.setPen(QPen(color.plot[0], 1.6));
    painter.drawPolyline(line);
    painter.setPen(Qt::NoPen);
    painter.setBrush(color.plot[0]);
    painter.drawEllipse(line.back(), 2.6, 2.6);
}

QRect RunRowDelegate::buttonRect(const QRect& cell, int row) const {
    const QFontMetrics metrics(m_theme.font(TextSize::Hint, QFont::DemiBold));
    const int width = std::min(cell.width() - 8, metrics.horizontalAdvance(m_runs.deedText(row)) + kButtonIcon + 28);
    return {cell.right() - width - 6, cell.center().y() - kButtonHeight / 2, width, kButtonHeight};
}

void RunRowDelegate::paintAction(QPainter& painter, const QRect& rect, int row) const {
    const RunListModel::Deed deed = m_runs.deed(row);
    if (deed == RunListModel::Deed::None)
        return;
    const ThemeTokens& color = m_theme.tokens();
    const bool strong = deed == RunListModel::Deed::Pause;
    const QRect button = buttonRect(rect, row);
    painter.setPen(QPen(strong ? color.accent : color.edge, 1));
    painter.setBrush(strong ? color.accent : color.card);
    painter.drawRoundedRect(QRectF(button).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6);
    const QColor ink = strong ? color.onAccent : color.text;
    const QString icon = strong ? "pause" : deed == RunListModel::Deed::Resume ? "play" : "dashboard";
    painter.drawPixmap(QRect(button.left() + 9, button.center().y() - kButtonIcon / 2, kButtonIcon, kButtonIcon),
                       tintedPixmap(icon, ink, kButtonIcon, painter.device()->devicePixelRatioF()));
    painter.setPen(ink);
    drawElided(painter, button.adjusted(9 + kButtonIcon + 5, 0, -4, 0), m_theme.font(TextSize::Hint, QFont::DemiBold),
               m_runs.deedText(row));
}

bool RunRowDelegate::editorEvent(QEvent* event, QAbstractItemModel*, const QStyleOptionViewItem& option,
                                 const QModelIndex& index) {
    if (index.column() != RunListModel::Action || event->type() != QEvent::MouseButtonRelease)
        return false;
    const int row = m_proxy.mapToSource(index).row();
    if (m_runs.deed(row) == RunListModel::Deed::None ||
        !buttonRect(option.rect, row).contains(static_cast<QMouseEvent*>(event)->pos()))
        return false;
    emit actionClicked(row);
    return true;
}

}  // namespace gsst
