// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/training_service.h"
#include "ui/widgets/widgets.h"

#include <QGridLayout>

namespace gsst {

/// Why a plan is as it is: a line for each kind with its place and the reason, when slices are updated, and what more
/// memory would change.
class PlanReasons : public QWidget {
    Q_OBJECT
public:
    explicit PlanReasons(QWidget* parent = nullptr);
    void show(const PlanExplanation& explanation);
    /// Instead of the reasons: that they are looked for, or why there are none.
    void showText(const QString& text);

private:
    QWidget* fresh();
    void addKinds(QVBoxLayout& column, const std::vector<PlacedKind>& kinds);
    void addMemory(QVBoxLayout& column, const std::vector<PlanOutcome>& outcomes);

    QVBoxLayout* m_column = nullptr;
    QWidget* m_content = nullptr;
};

}  // namespace gsst
