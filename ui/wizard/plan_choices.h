// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/run_spec.h"
#include "ui/wizard/setting_card.h"

#include <QComboBox>

#include <functional>
#include <vector>

namespace gsst {

/// The choices of plan and recipe that most people leave to the planner: state, precision, activations, updates,
/// gradients, residency and clipping; one card each, with what the chosen one costs.
class PlanChoices : public QWidget {
    Q_OBJECT
public:
    explicit PlanChoices(QWidget* parent = nullptr);
    /// Shows what `spec` has; what differs from `recommended` is marked and can be reset.
    void show(const RunSpec& spec, const RunSpec& recommended);
    const RunSpec& spec() const { return m_spec; }

signals:
    void changed();  ///< by the user: spec() has it

private:
    struct Option {
        QString name;
        QString meaning;  ///< what it costs and what it changes, one line
        std::function<bool(const RunSpec&)> is;
        std::function<void(RunSpec&, const RunSpec& recommended)> set;
    };
    struct Choice {
        QString name;
        std::vector<Option> options;
        SettingCard* card = nullptr;
        QComboBox* field = nullptr;
    };
    void addField(const char* path);
    void addClipping();
    void add(const QString& name, std::vector<Option> options);
    static int optionOf(const Choice& choice, const RunSpec& spec);
    void refresh();
    void choose(size_t choice, int option);

    RunSpec m_spec;
    RunSpec m_recommended;
    std::vector<Choice> m_choices;
};

}  // namespace gsst
