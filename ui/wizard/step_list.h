// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/icons.h"
#include "ui/widgets/widgets.h"

#include <vector>

namespace gsst {

/// The wizard's side: which page is done, current and to come, as icon and word.
class StepList : public QFrame {
    Q_OBJECT
public:
    StepList(const Theme& theme, const QStringList& pages);
    void setCurrent(int page);

private:
    struct Row {
        QFrame* frame;
        IconLabel* icon;
        QLabel* text;
    };
    void tint();

    const Theme& m_theme;
    std::vector<Row> m_rows;
    int m_current = 0;
};

}  // namespace gsst
