// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/events.h"
#include "ui/theme/theme.h"
#include "ui/widgets/widgets.h"

#include <QTextEdit>

namespace gsst {

/// "See it learn": what the model wrote, newest first.
class SamplesPanel : public QFrame {
    Q_OBJECT
public:
    explicit SamplesPanel(const Theme& theme);
    void clear();
    void add(const Sampled& sample);
    /// Words while there is no sample yet.
    void setExpectation(const QString& text);
    void setCanSample(bool can) { m_now->setEnabled(can); }
    int count() const { return int(m_samples.size()); }
    QString text() const { return m_text->toPlainText(); }

signals:
    void sampleRequested();

private:
    void show();

    const Theme& m_theme;
    ElidedLabel* m_prompt = nullptr;
    QPushButton* m_now = nullptr;
    QTextEdit* m_text = nullptr;
    std::vector<Sampled> m_samples;
};

}  // namespace gsst
