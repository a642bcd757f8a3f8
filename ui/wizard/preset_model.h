// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/draft/run_draft.h"
#include "ui/widgets/pill.h"

#include <QAbstractTableModel>

namespace gsst {

/// The presets with what each would need and take here; figures arrive one by one.
class PresetModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Size, Shape, Home, Speed, Time, Verdict, ColumnCount };
    enum Role { CountRole = Qt::UserRole, TitleRole };  ///< of Size: its two parts

    PresetModel(const RunDraft& draft, QObject* parent) : QAbstractTableModel(parent), m_draft(draft) {}
    void refresh();
    PillLook badge(int row) const;

    int rowCount(const QModelIndex& parent = {}) const override {
        return parent.isValid() ? 0 : int(m_draft.presets.size());
    }
    int columnCount(const QModelIndex& parent = {}) const override { return parent.isValid() ? 0 : int(ColumnCount); }
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QString title(int row) const;
    QString count(int row) const;
    QString cell(int row, int column) const;
    const RunDraft& m_draft;
};

}  // namespace gsst
