// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/computer/sizes_table.h"

#include "service/computer_summary.h"
#include "ui/text/format.h"

#include <QGridLayout>

namespace gsst {
namespace {

constexpr double kTokens = 120e6;
constexpr double kHour = 3600, kDay = 24 * kHour;

QString homeText(ModelHome home) {
    switch (home) {
    case ModelHome::Ram:
        return SizesTable::tr("RAM");
    case ModelHome::Drive:
        return SizesTable::tr("Disk");
    case ModelHome::DriveWhenLean:
        return SizesTable::tr("Disk, lean");
    case ModelHome::Nowhere:
        break;
    }
    return SizesTable::tr("–");
}

}  // namespace

SizesTable::SizesTable(const Theme& theme) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    column->addWidget(makeLabel(tr("What is realistic here"), "section", true));
    column->addWidget(
        makeLabel(tr("One pass over 120 M tokens, about 500 MB of text, by the arithmetic alone."), "hint", true));
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(12);
    grid->setVerticalSpacing(8);
    grid->setColumnStretch(1, 1);
    const QString heads[] = {tr("Size"), tr("Lives in"), tr("Tokens/s"), tr("Time")};
    for (int at = 0; at < 4; ++at) {
        auto* head = makeLabel(heads[at], "axis");
        head->setAlignment(at == 2 ? Qt::AlignRight : Qt::AlignLeft);
        grid->addWidget(head, 0, at);
    }
    for (size_t i = 0; i < kSizes.size(); ++i) {
        Row& row = m_rows[i];
        row.home = makeLabel(tr("–"));
        row.speed = makeLabel(tr("–"));
        row.speed->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
        row.time = new Pill(theme);
        row.time->setLook(PillLook{"hourglass", tr("–")});
        grid->addWidget(makeLabel(countText(kSizes[i]), "strong"), int(i) + 1, 0);
        grid->addWidget(row.home, int(i) + 1, 1);
        grid->addWidget(row.speed, int(i) + 1, 2);
        grid->addWidget(row.time, int(i) + 1, 3, Qt::AlignLeft);
    }
    column->addLayout(grid);
    column->addStretch();
    column->addWidget(makeRule());
    m_streaming = makeLabel({}, "hint", true);
    column->addWidget(m_streaming);
}

void SizesTable::show(const ComputerReport& report) {
    for (size_t i = 0; i < kSizes.size(); ++i) {
        const double speed = trainedTokensPerSecond(report, kSizes[i]), seconds = kTokens / speed;
        const ModelHome home = homeOf(kSizes[i], report);
        m_rows[i].home->setText(homeText(home));
        m_rows[i].speed->setText(numberText(speed, speed < 10 ? 1 : 0));
        const QString time =
            seconds < 2 * kDay ? durationText(seconds) : tr("%1 days").arg(numberText(seconds / kDay, 0));
        m_rows[i].time->setLook(
            home == ModelHome::Nowhere ? PillLook{"cross", tr("No space"), &ThemeTokens::error, &ThemeTokens::errorTint}
            : seconds <= 16 * kHour    ? PillLook{"check", time, &ThemeTokens::ok, &ThemeTokens::okTint}
            : seconds <= 7 * kDay      ? PillLook{"clock", time, &ThemeTokens::info, &ThemeTokens::infoTint}
                                       : PillLook{"clock", time, &ThemeTokens::warning, &ThemeTokens::warningTint});
    }
    m_streaming->setText(tr("Streaming hides behind the arithmetic from about %1 tokens a step.")
                             .arg(countText(hiddenFromTokens(report))));
}

}  // namespace gsst
