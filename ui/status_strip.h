// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/run_controller.h"
#include "ui/theme/icons.h"
#include "ui/widgets/widgets.h"

namespace gsst {

/// The strip below every page: state, step, time left, Pause, and what the run uses.
class StatusStrip : public QFrame {
    Q_OBJECT
public:
    StatusStrip(RunController& controller, const Theme& theme);
    /// Free space of the drive that holds the runs; negative = unknown.
    void setFreeDisk(double bytes);

private:
    void refresh();
    void showMemory();
    void press();

    RunController& m_controller;
    const Theme& m_theme;
    IconLabel* m_icon = nullptr;
    ElidedLabel* m_state = nullptr;
    ElidedLabel* m_step = nullptr;
    QPushButton* m_pause = nullptr;
    ElidedLabel* m_device = nullptr;
    ElidedLabel* m_ram = nullptr;
    ElidedLabel* m_disk = nullptr;
    Planned m_plan;
    double m_secondsLeft = -1;
    int64_t m_deviceBytes = -1;  ///< in use by the run; negative = not known yet
    int64_t m_ramBytes = -1;
};

}  // namespace gsst
