// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/wizard/text_file_model.h"

#include "ui/text/format.h"

#include <QPainter>

namespace gsst {

void TextFileModel::setFiles(std::vector<TextFileInfo> files) {
    beginResetModel();
    m_files = std::move(files);
    endResetModel();
}

QVariant TextFileModel::data(const QModelIndex& index, int role) const {
    const TextFileInfo& info = m_files[size_t(index.row())];
    if (role == Qt::ToolTipRole)
        return info.problem.empty() ? fromPath(info.path) : fromPath(info.path) + "\n" + fromUtf8(info.problem);
    if (role == Qt::TextAlignmentRole && index.column() == Size)
        return int(Qt::AlignRight | Qt::AlignVCenter);
    if (role != Qt::DisplayRole && role != Qt::AccessibleTextRole)
        return {};
    switch (index.column()) {
    case File:
        return fromPath(info.path.filename());
    case Size:
        return bytesText(double(info.bytes));
    case State:
        return info.problem.empty() ? tr("Read") : tr("Left out");
    default:
        return {};
    }
}

QVariant TextFileModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return int((section == Size ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case File:
        return tr("File");
    case Size:
        return tr("Size");
    default:
        return tr("State");
    }
}

PillDelegate::PillDelegate(const Theme& theme, LookOf lookOf, QObject* parent)
    : QStyledItemDelegate(parent), m_theme(theme), m_lookOf(std::move(lookOf)) {}

void PillDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    QStyleOptionViewItem ground = option;
    initStyleOption(&ground, index);
    ground.text.clear();
    const QWidget* widget = option.widget;
    widget->style()->drawControl(QStyle::CE_ItemViewItem, &ground, painter, widget);
    if (const PillLook look = m_lookOf(index); !look.text.isEmpty())
        paintPill(*painter, option.rect.adjusted(8, 0, -4, 0), m_theme, look);
}

QSize PillDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex& index) const {
    return pillSize(m_theme, m_lookOf(index)) + QSize(14, 6);
}

}  // namespace gsst
