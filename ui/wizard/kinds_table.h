// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/training_service.h"
#include "ui/theme/theme.h"

#include <QLabel>
#include <QWidget>

namespace gsst {

/// "Where everything lives": kinds of memory by tier, with the kinds' fixed colours.
class KindsTable : public QWidget {
public:
    explicit KindsTable(const Theme& theme, QWidget* parent = nullptr);
    void show(const PlanPreview& plan);

private:
    void tint();

    const Theme& m_theme;
    std::array<std::array<QLabel*, 3>, 5> m_cells{};
    std::array<QLabel*, 5> m_swatches{};
};

}  // namespace gsst
