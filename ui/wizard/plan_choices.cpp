// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/wizard/plan_choices.h"

#include <QSignalBlocker>

namespace gsst {

PlanChoices::PlanChoices(QWidget* parent) : QWidget(parent) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 4);
    column->setSpacing(8);
    addMemoryChoices();
    addStepChoices();
    addClipping();
    refresh();
}

template <typename Value>
PlanChoices::Option PlanChoices::option(const QString& name, const QString& meaning, Value& (*member)(RunSpec&),
                                        Value value) {
    return {name, meaning, [member, value](const RunSpec& spec) { return member(const_cast<RunSpec&>(spec)) == value; },
            [member, value](RunSpec& spec, const RunSpec&) { member(spec) = value; }};
}

void PlanChoices::addMemoryChoices() {
    const auto state = +[](RunSpec& spec) -> StatePreset& { return spec.training.state; };
    add(tr("State kept for a parameter"),
        {option(tr("Exact"),
                tr("12 bytes a parameter and slot: 32-bit weights and moments. Results equal ordinary training."),
                state, StatePreset::Exact),
         option(tr("Mixed"),
                tr("About 6 bytes a parameter and slot: 32-bit weights, 8-bit moments, gradients rounded to 16 bits."),
                state, StatePreset::Mixed),
         option(tr("Lean"),
                tr("About 4 bytes a parameter and slot: 16-bit weights rounded at random, 8-bit moments. Least memory, "
                   "least exact."),
                state, StatePreset::Lean)});
    const auto precision = +[](RunSpec& spec) -> Precision& { return spec.training.precision; };
    add(tr("Precision of the arithmetic"),
        {option(tr("FP32"), tr("4 bytes a weight and activation while computing. The most exact."), precision,
                Precision::Fp32),
         option(tr("BF16"),
                tr("2 bytes a weight and activation while computing, 8 significant bits; fast where the processor "
                   "supports it."),
                precision, Precision::Bf16),
         option(tr("FP16"),
                tr("2 bytes a weight and activation while computing, 11 significant bits; the loss is scaled to fit."),
                precision, Precision::Fp16)});
    const auto activations = +[](RunSpec& spec) -> ActivationChoice& { return spec.budget.activations; };
    add(tr("Activations inside a slice"),
        {option(
             tr("Automatic"),
             tr("Kept as far as device memory goes, which saves a quarter of the arithmetic. The result is the same."),
             activations, ActivationChoice::Auto),
         option(tr("Compute again"),
                tr("Least device memory, for up to a third more arithmetic. The result is the same."), activations,
                ActivationChoice::Recompute)});
    const auto residency = +[](RunSpec& spec) -> ResidencyChoice& { return spec.budget.residency; };
    add(tr("Where the state lives"),
        {option(tr("Automatic"),
                tr("In RAM if all of it fits the limit, else streamed from the disk. The result is the same."),
                residency, ResidencyChoice::Auto),
         option(tr("On the disk"), tr("Least RAM: every step reads and writes the state, and every step commits."),
                residency, ResidencyChoice::Disk),
         option(tr("In RAM"),
                tr("No streaming: needs the whole state, 4 to 12 bytes a parameter, within the RAM limit."), residency,
                ResidencyChoice::Resident)});
}

void PlanChoices::addStepChoices() {
    const auto update = +[](RunSpec& spec) -> UpdateChoice& { return spec.budget.update; };
    add(tr("When slices are updated"),
        {option(tr("Automatic"), tr("The fastest by the plan. The result is the same with each."), update,
                UpdateChoice::Auto),
         option(tr("Deferred"), tr("In the next step's forward sweep: gradients wait, 2 or 4 bytes a parameter."),
                update, UpdateChoice::Deferred),
         option(tr("Insured"),
                tr("In the backward sweep, with the gradients kept in case the step is clipped: 2 or 4 bytes a "
                   "parameter."),
                update, UpdateChoice::Insured),
         option(tr("Speculative"),
                tr("In the backward sweep, nothing waits; a step that is clipped is computed once more."), update,
                UpdateChoice::Speculative)});
    const auto gradients = +[](RunSpec& spec) -> GradientChoice& { return spec.budget.gradients; };
    add(tr("Where gradients wait"),
        {option(tr("Automatic"), tr("In RAM as far as the limit goes, 2 or 4 bytes a parameter; the rest on the disk."),
                gradients, GradientChoice::Auto),
         option(tr("On the disk"), tr("Least RAM: 2 or 4 bytes a parameter more are written and read in each step."),
                gradients, GradientChoice::Disk)});
}

void PlanChoices::addClipping() {
    const auto kind = [](ClipKind wanted) {
        return std::pair{
            [wanted](const RunSpec& spec) { return spec.training.clipNorm > 0 && spec.training.clip == wanted; },
            [wanted](RunSpec& spec, const RunSpec& recommended) {
                spec.training.clip = wanted;
                if (spec.training.clipNorm <= 0)
                    spec.training.clipNorm =
                        recommended.training.clipNorm > 0 ? recommended.training.clipNorm : TrainSpec().clipNorm;
            }};
    };
    const auto [isGlobal, setGlobal] = kind(ClipKind::Global);
    const auto [isPrevious, setPrevious] = kind(ClipKind::PreviousNorm);
    const auto [isUnit, setUnit] = kind(ClipKind::PerUnit);
    add(tr("Clipping of gradients"),
        {{tr("By the whole gradient"),
          tr("As ordinary training does it: one norm over all parameters, known after the whole backward sweep."),
          isGlobal, setGlobal},
         {tr("By the step before"),
          tr("The norm of 1 step earlier: updates need not wait. Changes the result slightly."), isPrevious,
          setPrevious},
         {tr("Each part by its own"),
          tr("One norm for each unit of the model: updates need not wait. Changes the result."), isUnit, setUnit},
         {tr("None"), tr("No bound on a step: nothing waits, but one bad sample can spoil the model."),
          [](const RunSpec& spec) { return spec.training.clipNorm <= 0; },
          [](RunSpec& spec, const RunSpec& recommended) {
              spec.training.clipNorm = 0;
              spec.training.clip = recommended.training.clip;
          }}});
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
