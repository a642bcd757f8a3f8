// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/training_service.h"
#include "ui/widgets/pill.h"
#include "ui/widgets/widgets.h"

#include <array>

namespace gsst {

/// What is realistic on a computer: sizes of models, where their state lives, their speed, and the time of one pass
/// over 120 M tokens.
class SizesTable : public QWidget {
    Q_OBJECT
public:
    explicit SizesTable(const Theme& theme);
    void show(const ComputerReport& report);

private:
    struct Row {
        QLabel* home = nullptr;
        QLabel* speed = nullptr;
        Pill* time = nullptr;
    };
    static constexpr std::array<double, 7> kSizes{10e6, 30e6, 124e6, 350e6, 1.1e9, 3e9, 7e9};
    std::array<Row, kSizes.size()> m_rows;
    QLabel* m_streaming = nullptr;
};

}  // namespace gsst
