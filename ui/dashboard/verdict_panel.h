// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/events.h"
#include "ui/theme/icons.h"
#include "ui/widgets/widgets.h"

#include <QProgressBar>

#include <array>
#include <optional>

namespace gsst {

/// What sets the pace, from the waits that were measured, and the plan's figures beside the measured ones.
class VerdictPanel : public QFrame {
    Q_OBJECT
public:
    enum Row { SecondsPerStep, TokensPerSecond, DevicePeak, RamPeak, ReadPerStep, WrittenPerStep, RowCount };

    explicit VerdictPanel(const Theme& theme);
    void clear();
    void setPlan(const Planned& plan);
    /// Counts from now on, and shows with the next showNewest(): of many steps at once only the last state is drawn.
    void add(const StepDone& step);
    void showNewest();
    QString verdict() const { return m_verdict->text(); }
    /// Percent of a step that waits for other ranks; nothing while no step has.
    std::optional<int> linkWait() const {
        return m_link.bar->isHidden() ? std::nullopt : std::optional(m_link.bar->value());
    }
    int compute() const { return m_compute.bar->value(); }  ///< percent of a step
    QString cell(Row row, int column) const { return m_cells[size_t(row)][size_t(column)]->text(); }

private:
    struct Share {
        QLabel* name = nullptr;
        QProgressBar* bar = nullptr;
        QLabel* text = nullptr;
    };
    QWidget* makeVerdict();
    QWidget* makeTable();
    void refresh();
    void showVerdict(double disk, double link);
    void fill(Row row, double predicted, double measured, QString (*format)(double));

    const Theme& m_theme;
    bool m_dirty = false;
    IconLabel* m_icon = nullptr;
    QLabel* m_verdict = nullptr;
    QLabel* m_remedy = nullptr;
    Share m_compute, m_read, m_write, m_link;
    std::array<std::array<QLabel*, 3>, RowCount> m_cells{};
    Planned m_plan;
    StepDone m_mean;  ///< smoothed over the last steps
    double m_weight = 0;
};

}  // namespace gsst
