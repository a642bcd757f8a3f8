// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/training_service.h"
#include "ui/widgets/pill.h"

#include <QAbstractTableModel>
#include <QStyledItemDelegate>

namespace gsst {

/// The files of a TextSummary; unusable ones stay listed with their reason.
class TextFileModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { File, Size, State, ColumnCount };

    using QAbstractTableModel::QAbstractTableModel;
    void setFiles(std::vector<TextFileInfo> files);
    const TextFileInfo& file(int row) const { return m_files[size_t(row)]; }

    int rowCount(const QModelIndex& parent = {}) const override { return parent.isValid() ? 0 : int(m_files.size()); }
    int columnCount(const QModelIndex& parent = {}) const override { return parent.isValid() ? 0 : int(ColumnCount); }
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    std::vector<TextFileInfo> m_files;
};

/// Paints a cell as a pill instead of its text; an empty look paints nothing.
class PillDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using LookOf = std::function<PillLook(const QModelIndex&)>;
    PillDelegate(const Theme& theme, LookOf lookOf, QObject* parent);
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

private:
    const Theme& m_theme;
    LookOf m_lookOf;
};

}  // namespace gsst
