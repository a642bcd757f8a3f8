// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/background_job.h"
#include "ui/widgets/drop_area.h"
#include "ui/wizard/choice_card.h"
#include "ui/wizard/draft_page.h"
#include "ui/wizard/text_file_model.h"

#include <QPlainTextEdit>
#include <QProgressBar>
#include <QTableView>

namespace gsst {

/// Page 1: what the model reads. Files and folders are inspected on a pool thread.
class TextPage : public DraftPage {
    Q_OBJECT
public:
    explicit TextPage(WizardContext& context);
    void enter() override;
    bool isComplete() const override { return draft().hasText() && !m_job.busy(); }
    int nextId() const override { return ModelPageId; }
    void addText(const std::vector<std::filesystem::path>& paths);

private:
    QWidget* makeGoals();
    QWidget* makeFiles();
    QWidget* makePreview();
    void chooseFiles();
    void chooseFolder();
    void removeSelected();
    void inspect();
    void show(const Result<TextSummary>& summary);
    void showFigures();
    void setSample(bool sample);

    BackgroundJob m_job;
    ChoiceCard* m_ownText = nullptr;
    ChoiceCard* m_sample = nullptr;
    QWidget* m_files = nullptr;
    TextFileModel* m_model = nullptr;
    QTableView* m_table = nullptr;
    QLabel* m_none = nullptr;
    QPushButton* m_remove = nullptr;
    QProgressBar* m_progress = nullptr;
    ElidedLabel* m_progressText = nullptr;
    QLabel* m_note = nullptr;
    QPlainTextEdit* m_preview = nullptr;
    QLabel* m_bytes = nullptr;
    QLabel* m_tokens = nullptr;
    QLabel* m_usable = nullptr;
    QLabel* m_kept = nullptr;
};

}  // namespace gsst
