// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/icons.h"
#include "ui/widgets/widgets.h"
#include "ui/wizard/memory_bar.h"

#include <QDoubleSpinBox>
#include <QSlider>

namespace gsst {

/// One limit: slider and field (0 = automatic), stacked bar, one sentence. Slider and field always agree.
class LimitCard : public QFrame {
    Q_OBJECT
public:
    struct Words {
        QString icon, name;
    };
    LimitCard(const Theme& theme, MemoryTier tier, const Words& words);

    void setLimit(int64_t bytes);
    int64_t limit() const { return m_limit; }
    /// What the machine has (0 = unknown) and how that reads ("32 GiB, 24.1 free").
    void setMachine(int64_t totalBytes, const QString& text);
    void show(const PlanPreview& plan, const QString& sentence);
    const MemoryBar& bar() const { return *m_bar; }

signals:
    void limitChanged(qint64 bytes);

private:
    void change(int64_t bytes);
    int64_t most() const;

    QSlider* m_slider = nullptr;
    QDoubleSpinBox* m_field = nullptr;
    MemoryBar* m_bar = nullptr;
    ElidedLabel* m_machine = nullptr;
    QLabel* m_sentence = nullptr;
    int64_t m_limit = 0;
    int64_t m_total = 0;
    PlanPreview m_plan;
    bool m_updating = false;
};

}  // namespace gsst
