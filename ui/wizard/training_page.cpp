// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/wizard/training_page.h"

#include "ui/dashboard/plot_style.h"
#include "ui/text/format.h"
#include "ui/text/recipe_words.h"

#include <qcustomplot.h>
#include <QDoubleValidator>
#include <QLocale>

#include <cmath>
#include <numbers>

namespace gsst {

double scheduledRate(const TrainSpec& training, double step) {
    if (step < double(training.warmupSteps))
        return training.learningRate * step / double(training.warmupSteps);
    if (training.schedule == ScheduleKind::Constant || training.steps <= training.warmupSteps)
        return training.learningRate;
    const double share = (step - double(training.warmupSteps)) / double(training.steps - training.warmupSteps);
    const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * std::min(1.0, share)));
    return training.minLearningRate + (training.learningRate - training.minLearningRate) * cosine;
}

TrainingPage::TrainingPage(WizardContext& context)
    : DraftPage(context, tr("How should it train?"),
                tr("Good defaults for this model and text. Change one, and its card says so.")) {
    auto* columns = new QHBoxLayout;
    columns->setSpacing(12);
    columns->addWidget(makeSettings(), 5);
    columns->addWidget(makeMeaning(), 3);
    body().addLayout(columns, 1);
}

QWidget* TrainingPage::makeSettings() {
    m_steps = new QSpinBox;
    const auto [fewestSteps, mostSteps] = fieldRange("training.steps");
    m_steps->setRange(fewestSteps, mostSteps);
    m_sequences = new QSpinBox;
    const auto [fewest, most] = fieldRange("training.sequences_per_step");
    m_sequences->setRange(fewest, most);
    for (QSpinBox* field : {m_steps, m_sequences}) {
        field->setGroupSeparatorShown(true);
        field->setKeyboardTracking(false);
        field->setMinimumWidth(124);
        connect(field, &QSpinBox::valueChanged, this, &TrainingPage::read);
    }
    m_rate = new QLineEdit;
    auto* validator = new QDoubleValidator(1e-9, 10, 12, this);
    validator->setNotation(QDoubleValidator::ScientificNotation);
    m_rate->setValidator(validator);
    m_rate->setMaximumWidth(124);
    m_precision = new QComboBox;
    for (const Choice& choice : kChoices<Precision>)
        m_precision->addItem(choiceName(choice), choice.value);
    m_prompt = new QLineEdit;
    m_prompt->setMinimumWidth(180);
    connect(m_rate, &QLineEdit::textEdited, this, &TrainingPage::read);
    connect(m_precision, &QComboBox::currentIndexChanged, this, &TrainingPage::read);
    connect(m_prompt, &QLineEdit::textEdited, this, &TrainingPage::read);

    auto* settings = new QWidget;
    auto* column = new QVBoxLayout(settings);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(10);
    const auto add = [&](SettingCard*& card, const QString& name, QWidget* field,
                         std::function<void(TrainSpec&, const TrainSpec&)> copy) {
        card = new SettingCard(name, field);
        connect(card, &SettingCard::reset, this, [this, copy] { resetTo(copy); });
        column->addWidget(card);
    };
    add(m_stepsCard, fieldLabel("training.steps", 'S'), m_steps, [](TrainSpec& to, const TrainSpec& from) {
        to.steps = from.steps;
        to.warmupSteps = from.warmupSteps;
    });
    add(m_sequencesCard, fieldLabel("training.sequences_per_step", 'q'), m_sequences,
        [](TrainSpec& to, const TrainSpec& from) {
            to.sequencesPerStep = from.sequencesPerStep;
            to.microBatch = from.microBatch;
        });
    add(m_rateCard, fieldLabel("training.learning_rate", 'L'), m_rate, [](TrainSpec& to, const TrainSpec& from) {
        to.learningRate = from.learningRate;
        to.minLearningRate = from.minLearningRate;
    });
    add(m_precisionCard, fieldLabel("training.precision", 'P'), m_precision,
        [](TrainSpec& to, const TrainSpec& from) { to.precision = from.precision; });
    add(m_promptCard, fieldLabel("training.sample_prompt", 'm'), m_prompt,
        [](TrainSpec& to, const TrainSpec& from) { to.samplePrompt = from.samplePrompt; });
    m_problem = makeLabel({}, "error", true);
    m_problem->hide();
    column->addWidget(m_problem);
    column->addStretch();
    return settings;
}

QWidget* TrainingPage::makeMeaning() {
    auto* side = new QWidget;
    auto* column = new QVBoxLayout(side);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    QVBoxLayout* inside = nullptr;
    auto* card = makeCard(inside, 14);
    inside->addWidget(makeLabel(tr("Learning rate over the run"), "section", true));
    m_schedule = new QCustomPlot;
    m_schedule->setMinimumHeight(140);
    m_schedule->setAccessibleName(tr("Learning rate over the run"));
    m_schedule->addGraph();
    connect(&theme(), &Theme::changed, this, [this] { drawSchedule(); });
    inside->addWidget(m_schedule);
    column->addWidget(card);
    auto* meaning = makeCard(inside);
    inside->addWidget(makeLabel(tr("What this means"), "section"));
    m_meaning = makeLabel({}, "quiet", true);
    inside->addWidget(m_meaning);
    column->addWidget(meaning);
    column->addStretch();
    return side;
}

void TrainingPage::enter() {
    show();
    // The plan may be that of another precision or step size.
    if (!draft().plan)
        replan();
}

bool TrainingPage::isComplete() const {
    return m_rate->hasAcceptableInput() && draft().plan && draft().plan->fits && !m_job.busy();
}

void TrainingPage::show() {
    m_showing = true;
    const TrainSpec& training = draft().spec.training;
    m_steps->setValue(int(std::min<int64_t>(training.steps, m_steps->maximum())));
    m_sequences->setValue(int(std::min<int64_t>(training.sequencesPerStep, m_sequences->maximum())));
    m_rate->setText(QLocale().toString(training.learningRate, 'g', 6));
    m_precision->setCurrentIndex(m_precision->findData(int(training.precision)));
    QString prompt = fromUtf8(training.samplePrompt);
    m_prompt->setText(prompt.replace("\n", "\\n"));
    m_showing = false;
    explain();
}

void TrainingPage::read() {
    if (m_showing)
        return;
    TrainSpec& training = draft().spec.training;
    const TrainSpec before = training;
    const TrainSpec& good = draft().recommended.training;
    training.steps = m_steps->value();
    training.warmupSteps = training.steps == good.steps
                               ? good.warmupSteps
                               : std::min(good.warmupSteps, std::max<int64_t>(1, training.steps / 10));
    training.sequencesPerStep = m_sequences->value();
    training.microBatch = std::min(good.microBatch, training.sequencesPerStep);
    while (training.sequencesPerStep % training.microBatch != 0)
        --training.microBatch;
    bool ok = false;
    const double rate = QLocale().toDouble(m_rate->text(), &ok);
    if (ok && rate > 0) {
        training.learningRate = rate;
        training.minLearningRate =
            rate == good.learningRate ? good.minLearningRate : rate * good.minLearningRate / good.learningRate;
    }
    training.precision = Precision(m_precision->currentData().toInt());
    training.samplePrompt = toUtf8(m_prompt->text().replace("\\n", "\n"));
    explain();
    if (training.sequencesPerStep != before.sequencesPerStep || training.precision != before.precision ||
        training.steps != before.steps)
        replan();
    emit completeChanged();
}

void TrainingPage::resetTo(const std::function<void(TrainSpec&, const TrainSpec&)>& copy) {
    copy(draft().spec.training, draft().recommended.training);
    show();
    replan();
}

void TrainingPage::replan() {
    draft().plan.reset();
    m_job.start([&service = service(), question = PlanQuestion{draft().spec, draft().place()}](
                    std::stop_token) { return service.previewPlan(question); },
                [this](Result<PlanPreview> plan) {
                    if (plan.ok())
                        draft().plan = *plan;
                    m_problem->setText(
                        !plan.ok() ? fromUtf8(plan.error().text())
                        : !plan->fits
                            ? tr("This no longer fits the budget: %1. Choose less here, or go back to the budget.")
                                  .arg(fromUtf8(plan->problem))
                            : QString());
                    m_problem->setVisible(!m_problem->text().isEmpty());
                    explain();
                    emit completeChanged();
                });
    emit completeChanged();
}

QString TrainingPage::whyOf(Precision precision) {
    switch (precision) {
    case Precision::Fp32:
        return tr("FP32 compute: the safest, and fast on small models.");
    case Precision::Bf16:
        return tr("BF16 compute, exact FP32 state: half the traffic, 12 bytes a parameter.");
    case Precision::Fp16:
        return tr("FP16 compute with loss scaling, exact FP32 state: for graphics cards without BF16.");
    }
    return {};
}

void TrainingPage::explain() {
    const TrainSpec& training = draft().spec.training;
    const TrainSpec& good = draft().recommended.training;
    m_stepsCard->setChanged(training.steps != good.steps);
    m_sequencesCard->setChanged(training.sequencesPerStep != good.sequencesPerStep);
    m_rateCard->setChanged(training.learningRate != good.learningRate);
    m_precisionCard->setChanged(training.precision != good.precision);
    m_promptCard->setChanged(training.samplePrompt != good.samplePrompt);
    const double passes = draft().passes(draft().spec);
    m_stepsCard->setWhy(
        passes >= 0.95
            ? tr("About %1 passes over your text. Many passes memorise.").arg(numberText(passes, passes < 10 ? 1 : 0))
        : passes > 0 ? tr("Less than one pass over your text: each part is seen at most once.")
                     : tr("Long enough for this size to write whole sentences."));
    m_sequencesCard->setWhy(tr("%1 tokens a step: more smooths the gradient and hides the disk.")
                                .arg(numberText(double(training.tokensPerStep()), 0)));
    m_rateCard->setWhy(
        tr("Warms up over %1 steps, then falls along a cosine.").arg(numberText(double(training.warmupSteps), 0)));
    m_precisionCard->setWhy(whyOf(training.precision));
    m_promptCard->setWhy(
        training.sampleEvery > 0
            ? tr("Continued every %1 steps, so you see it learn.").arg(numberText(double(training.sampleEvery), 0))
            : tr("Continued when you ask for a sample."));
    QString text;
    const auto& plan = draft().plan;
    if (plan && plan->fits)
        text = tr("%1 steps, one each %2, %3 in all.")
                   .arg(numberText(double(training.steps), 0), durationText(plan->secondsPerStep),
                        durationText(plan->totalSeconds)) +
               " " +
               (plan->streamed ? tr("Every step is a checkpoint.")
                               : tr("A checkpoint every %1.").arg(durationText(double(training.commitEverySeconds))));
    if (!training.evaluates())
        text += " " + tr("No validation.");
    else if (training.evaluateEvery > 0)
        text += " " + tr("Validation every %1 steps.").arg(numberText(double(training.evaluateEvery), 0));
    text +=
        "\n" +
        (training.clipNorm > 0 ? tr("Gradients are clipped at norm %1.").arg(numberText(training.clipNorm, 1))
                               : tr("Gradients are not clipped.")) +
        " " +
        tr("Weight decay %1. Seed %2.").arg(QLocale().toString(training.weightDecay), QString::number(training.seed));
    m_meaning->setText(text.trimmed());
    drawSchedule();
}

void TrainingPage::drawSchedule() {
    const TrainSpec& training = draft().spec.training;
    stylePlot(*m_schedule, theme());
    QVector<double> steps, rates;
    constexpr int kPoints = 200;
    for (int i = 0; i <= kPoints; ++i) {
        steps << double(training.steps) * i / kPoints;
        rates << scheduledRate(training, steps.back());
    }
    m_schedule->graph(0)->setData(steps, rates, true);
    m_schedule->graph(0)->setPen(QPen(theme().tokens().plot[0], 2));
    m_schedule->xAxis->setRange(0, double(std::max<int64_t>(1, training.steps)));
    m_schedule->yAxis->setRange(0, training.learningRate * 1.15);
    m_schedule->xAxis->ticker()->setTickCount(3);
    m_schedule->yAxis->ticker()->setTickCount(3);
    m_schedule->yAxis->setNumberFormat("gb");
    m_schedule->yAxis->setNumberPrecision(2);
    m_schedule->replot(QCustomPlot::rpQueuedReplot);
}

}  // namespace gsst
