// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/computer/check_card.h"
#include "ui/computer/sizes_table.h"
#include "ui/session/background_job.h"
#include "ui/session/run_controller.h"

#include <QCheckBox>
#include <QLineEdit>
#include <QProgressBar>

namespace gsst {

/// This computer: what was measured of it and what follows. Shows the last measurement at once; measures anew on a pool
/// thread, with progress and Cancel, and not while a run trains: both would take from each other.
class ComputerPage : public QWidget {
    Q_OBJECT
public:
    ComputerPage(TrainingService& service, RunController& controller, const Theme& theme,
                 const std::filesystem::path& folder);
    /// Called when the page comes up: another program may have measured meanwhile.
    void enter();
    bool measuring() const { return m_measuring; }

private:
    QWidget* makeHeader();
    QWidget* makeQuestion(const std::filesystem::path& folder);
    QWidget* makeChecks();
    void measureOrCancel();
    void stopMeasuring(const QString& notice);
    void refresh();
    void show(const ComputerReport& report);
    void chooseFolder();
    void copyReport();
    bool training() const;

    TrainingService& m_service;
    RunController& m_controller;
    const Theme& m_theme;
    BackgroundJob m_loadJob;
    BackgroundJob m_measureJob;
    std::optional<ComputerReport> m_report;
    bool m_measuring = false;
    QLabel* m_sentence = nullptr;
    QLabel* m_notice = nullptr;
    QPushButton* m_copy = nullptr;
    QPushButton* m_measure = nullptr;
    QLineEdit* m_folder = nullptr;
    QPushButton* m_choose = nullptr;
    QCheckBox* m_quick = nullptr;
    QWidget* m_progressRow = nullptr;
    QLabel* m_progressText = nullptr;
    QProgressBar* m_progress = nullptr;
    CheckCard* m_processor = nullptr;
    CheckCard* m_products = nullptr;
    CheckCard* m_training = nullptr;
    CheckCard* m_memory = nullptr;
    CheckCard* m_copying = nullptr;
    CheckCard* m_drive = nullptr;
    CheckCard* m_space = nullptr;
    SizesTable* m_sizes = nullptr;
};

}  // namespace gsst
