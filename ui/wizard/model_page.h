// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/background_job.h"
#include "ui/theme/icons.h"
#include "ui/wizard/draft_page.h"
#include "ui/wizard/preset_model.h"

#include <QTableView>

namespace gsst {

/// Page 2: how big. Every preset is planned on a pool thread; until the user chooses, the suggestion is chosen.
class ModelPage : public DraftPage {
    Q_OBJECT
public:
    explicit ModelPage(WizardContext& context);
    void enter() override;
    bool isComplete() const override;
    int nextId() const override { return BudgetPageId; }

private:
    void planAll();
    void planned(size_t index, const PlanPreview& plan);
    void choose(int row);
    void select(int row);
    void describe();

    BackgroundJob m_job;
    PresetModel* m_model = nullptr;
    QTableView* m_table = nullptr;
    QLabel* m_note = nullptr;
    bool m_chosenByUser = false;
    bool m_selecting = false;
    double m_plannedFor = -1;  ///< usable bytes that the figures were made for
};

}  // namespace gsst
