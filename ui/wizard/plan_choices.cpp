// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/wizard/plan_choices.h"

#include "ui/text/recipe_words.h"

#include <QSignalBlocker>

namespace gsst {

PlanChoices::PlanChoices(QWidget* parent) : QWidget(parent) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 4);
    column->setSpacing(8);
    for (const char* path : {"training.state", "training.precision", "budget.activations", "budget.residency",
                             "budget.update", "budget.gradients"})
        addField(path);
    addClipping();
    refresh();
}

void PlanChoices::addField(const char* path) {
    const auto& field = std::get<OneOf>(findRecipeField(path)->kind);
    std::vector<Option> options;
    for (const gsst::Choice& choice : field.choices)
        options.push_back({choiceName(choice), choiceMeaning(choice),
                           [&field, &choice](const RunSpec& spec) { return field.read(spec) == choice.value; },
                           [&field, &choice](RunSpec& spec, const RunSpec&) { field.choose(spec, choice.value); }});
    add(fieldLabel(path), std::move(options));
}

/// No clipping is a bound of 0, not a norm; but people choose between all of them.
void PlanChoices::addClipping() {
    std::vector<Option> options;
    for (const gsst::Choice& choice : kChoices<ClipKind>) {
        const auto wanted = ClipKind(choice.value);
        options.push_back(
            {choiceName(choice), choiceMeaning(choice),
             [wanted](const RunSpec& spec) { return spec.training.clipNorm > 0 && spec.training.clip == wanted; },
             [wanted](RunSpec& spec, const RunSpec& recommended) {
                 spec.training.clip = wanted;
                 if (spec.training.clipNorm <= 0)
                     spec.training.clipNorm =
                         recommended.training.clipNorm > 0 ? recommended.training.clipNorm : TrainSpec().clipNorm;
             }});
    }
    options.push_back({tr("None"), tr("No bound on a step: nothing waits, but one bad sample can spoil the model."),
                       [](const RunSpec& spec) { return spec.training.clipNorm <= 0; },
                       [](RunSpec& spec, const RunSpec& recommended) {
                           spec.training.clipNorm = 0;
                           spec.training.clip = recommended.training.clip;
                       }});
    add(fieldLabel("training.clip"), std::move(options));
}

void PlanChoices::add(const QString& name, std::vector<Option> options) {
    Choice choice{name, std::move(options)};
    choice.field = new QComboBox;
    for (const Option& each : choice.options)
        choice.field->addItem(each.name);
    choice.field->setMinimumWidth(190);
    choice.card = new SettingCard(name, choice.field);
    gsst::setLook(*choice.card, "look", "inset");
    const size_t index = m_choices.size();
    connect(choice.field, &QComboBox::currentIndexChanged, this, [this, index](int option) { choose(index, option); });
    connect(choice.card, &SettingCard::reset, this, [this, index] {
        m_choices[index].field->setCurrentIndex(optionOf(m_choices[index], m_recommended));
        m_choices[index].field->setFocus();
    });
    layout()->addWidget(choice.card);
    m_choices.push_back(std::move(choice));
}

int PlanChoices::optionOf(const Choice& choice, const RunSpec& spec) {
    for (size_t i = 0; i < choice.options.size(); ++i)
        if (choice.options[i].is(spec))
            return int(i);
    return 0;
}

void PlanChoices::show(const RunSpec& spec, const RunSpec& recommended) {
    m_spec = spec;
    m_recommended = recommended;
    refresh();
}

void PlanChoices::refresh() {
    for (Choice& choice : m_choices) {
        const int now = optionOf(choice, m_spec);
        const QSignalBlocker quiet(choice.field);
        choice.field->setCurrentIndex(now);
        choice.card->setWhy(choice.options[size_t(now)].meaning);
        choice.field->setAccessibleDescription(choice.options[size_t(now)].meaning);
        choice.card->setChanged(now != optionOf(choice, m_recommended));
    }
}

void PlanChoices::choose(size_t choice, int option) {
    if (option < 0)
        return;
    m_choices[choice].options[size_t(option)].set(m_spec, m_recommended);
    refresh();
    emit changed();
}

}  // namespace gsst
