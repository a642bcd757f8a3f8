// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/wizard/plan_reasons.h"

#include "ui/text/format.h"

namespace gsst {
namespace {

QString upperFirst(QString text) {
    if (!text.isEmpty())
        text[0] = text[0].toUpper();
    return text;
}

QString gib(int64_t bytes) {
    return bytes == 0 ? QString("–") : bytesNumber(double(bytes), kGiB);
}

QLabel* right(QLabel* label) {
    label->setAlignment(Qt::AlignRight | Qt::AlignTop);
    return label;
}

QGridLayout* grid(const QStringList& heads, QVBoxLayout& column) {
    auto* table = new QGridLayout;
    table->setHorizontalSpacing(16);
    table->setVerticalSpacing(6);
    for (int i = 0; i < heads.size(); ++i)
        table->addWidget(makeLabel(heads[i], "axis"), 0, i);
    column.addLayout(table);
    return table;
}

/// Seconds of a step, and how much less that is than without.
QString stepTime(const PlanOutcome& outcome, const PlanOutcome& plan) {
    const QString time =
        PlanReasons::tr("%1 s").arg(numberText(outcome.secondsPerStep, outcome.secondsPerStep < 10 ? 2 : 1));
    const double change = plan.secondsPerStep > 0 ? outcome.secondsPerStep / plan.secondsPerStep - 1 : 0;
    return outcome.chosen || std::abs(change) < 0.005 ? time : PlanReasons::tr("%1 (%2)").arg(time, changeText(change));
}

}  // namespace

PlanReasons::PlanReasons(QWidget* parent) : QWidget(parent) {
    m_column = new QVBoxLayout(this);
    m_column->setContentsMargins(6, 0, 0, 6);
    showText({});
}

QWidget* PlanReasons::fresh() {
    delete m_content;
    m_content = new QWidget;
    m_column->addWidget(m_content);
    return m_content;
}

void PlanReasons::showText(const QString& text) {
    auto* column = new QVBoxLayout(fresh());
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(makeLabel(text, "quiet", true));
}

void PlanReasons::show(const PlanExplanation& explanation) {
    auto* column = new QVBoxLayout(fresh());
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(10);
    addKinds(*column, explanation.kinds);
    if (!explanation.updateReason.empty()) {
        const QString rule = upperFirst(fromUtf8(explanation.updateRule));
        column->addWidget(makeLabel(tr("%1 update: %2.").arg(rule, fromUtf8(explanation.updateReason)), "quiet", true));
    }
    if (!explanation.memory.empty()) {
        column->addWidget(makeRule());
        addMemory(*column, explanation.memory);
    }
}

void PlanReasons::addKinds(QVBoxLayout& column, const std::vector<PlacedKind>& kinds) {
    QGridLayout* table = grid({tr("Kind"), tr("GiB"), tr("Where"), tr("Why")}, column);
    table->setColumnStretch(2, 2);
    table->setColumnStretch(3, 3);
    right(static_cast<QLabel*>(table->itemAtPosition(0, 1)->widget()));
    int row = 1;
    for (const PlacedKind& kind : kinds) {
        const auto put = [&](QLabel* label, int at) { table->addWidget(label, row, at); };
        auto* name = makeLabel(upperFirst(fromUtf8(kind.kind)), "strong", true);
        name->setMinimumWidth(130);
        name->setAlignment(Qt::AlignTop);
        put(name, 0);
        put(right(makeLabel(gib(kind.bytes))), 1);
        for (const auto& [text, at] : {std::pair{&kind.where, 2}, std::pair{&kind.reason, 3}}) {
            auto* words = makeLabel(upperFirst(fromUtf8(*text)), "quiet", true);
            words->setAlignment(Qt::AlignTop);
            put(words, at);
        }
        ++row;
    }
}

void PlanReasons::addMemory(QVBoxLayout& column, const std::vector<PlanOutcome>& outcomes) {
    column.addWidget(makeLabel(tr("What more memory would change"), "section"));
    QGridLayout* table = grid({tr("Memory"), tr("A step"), tr("Read, GiB"), tr("Written, GiB")}, column);
    table->setColumnStretch(0, 1);
    for (int at = 1; at < 4; ++at)
        right(static_cast<QLabel*>(table->itemAtPosition(0, at)->widget()));
    int row = 1;
    for (const PlanOutcome& outcome : outcomes) {
        auto* name = makeLabel(outcome.chosen ? tr("This plan") : upperFirst(fromUtf8(outcome.choice)),
                               outcome.chosen ? "strong" : "", true);
        name->setAlignment(Qt::AlignTop);
        table->addWidget(name, row, 0);
        if (outcome.problem.empty()) {
            table->addWidget(right(makeLabel(stepTime(outcome, outcomes.front()))), row, 1);
            table->addWidget(right(makeLabel(gib(outcome.readBytes))), row, 2);
            table->addWidget(right(makeLabel(gib(outcome.writtenBytes))), row, 3);
        } else {
            table->addWidget(makeLabel(fromUtf8(outcome.problem), "quiet", true), row, 1, 1, 3);
        }
        ++row;
    }
}

}  // namespace gsst
