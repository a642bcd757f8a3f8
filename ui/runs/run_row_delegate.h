// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QStyledItemDelegate>

class QSortFilterProxyModel;

namespace gsst {

class RunListModel;

/// Two-line name, state pill, progress bar, loss sparkline and the row's one button.
class RunRowDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    RunRowDelegate(const Theme& theme, const RunListModel& runs, const QSortFilterProxyModel& proxy, QObject* parent);
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    bool editorEvent(QEvent* event, QAbstractItemModel* model, const QStyleOptionViewItem& option,
                     const QModelIndex& index) override;

    static constexpr int kRowHeight = 56;

signals:
    void actionClicked(int sourceRow);

private:
    void paintName(QPainter& painter, const QRect& rect, int row) const;
    void paintProgress(QPainter& painter, const QRect& rect, int row) const;
    void paintLoss(QPainter& painter, const QRect& rect, int row) const;
    void paintAction(QPainter& painter, const QRect& rect, int row) const;
    QRect buttonRect(const QRect& cell, int row) const;

    const Theme& m_theme;
    const RunListModel& m_runs;
    const QSortFilterProxyModel& m_proxy;
};

}  // namespace gsst
