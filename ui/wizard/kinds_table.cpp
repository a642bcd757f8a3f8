// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/wizard/kinds_table.h"

#include "ui/text/format.h"
#include "ui/widgets/widgets.h"
#include "ui/wizard/memory_bar.h"

#include <QCoreApplication>
#include <QGridLayout>

namespace gsst {
namespace {

QString words(const char* text) {
    return QCoreApplication::translate("KindsTable", text);
}

}  // namespace

KindsTable::KindsTable(const Theme& theme, QWidget* parent) : QWidget(parent), m_theme(theme) {
    setAccessibleName(words("Where everything lives"));
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(6);
    grid->setVerticalSpacing(5);
    grid->setColumnStretch(1, 1);
    const QString tiers[] = {words("Device"), words("RAM"), words("Disk")};
    for (int tier = 0; tier < 3; ++tier)
        grid->addWidget(makeLabel(tiers[tier], "axis"), 0, 2 + tier, Qt::AlignCenter);
    for (int kind = 0; kind < 5; ++kind) {
        m_swatches[size_t(kind)] = new QLabel;
        m_swatches[size_t(kind)]->setFixedSize(10, 10);
        grid->addWidget(m_swatches[size_t(kind)], kind + 1, 0);
        QString name = kindName(MemoryKind(kind));
        name[0] = name[0].toUpper();
        grid->addWidget(new ElidedLabel(name, "hint"), kind + 1, 1);
        for (int tier = 0; tier < 3; ++tier) {
            auto* cell = makeLabel({}, "hint");
            cell->setAlignment(Qt::AlignCenter);
            cell->setMinimumSize(60, 24);
            m_cells[size_t(kind)][size_t(tier)] = cell;
            grid->addWidget(cell, kind + 1, 2 + tier);
        }
    }
    connect(&theme, &Theme::changed, this, [this] { tint(); });
    tint();
}

void KindsTable::show(const PlanPreview& plan) {
    for (size_t kind = 0; kind < 5; ++kind)
        for (size_t tier = 0; tier < 3; ++tier) {
            const int64_t bytes = plan.bytes[kind][tier];
            m_cells[kind][tier]->setText(bytes > 0 ? bytesText(double(bytes)) : QString());
        }
    tint();
}

void KindsTable::tint() {
    const ThemeTokens& color = m_theme.tokens();
    for (size_t kind = 0; kind < 5; ++kind) {
        m_swatches[kind]->setStyleSheet(
            QString("background: %1; border-radius: 2px;").arg(kindColor(color, MemoryKind(kind)).name()));
        for (QLabel* cell : m_cells[kind])
            cell->setStyleSheet(
                cell->text().isEmpty()
                    ? QString()
                    : QString("background: %1; color: %2; border-radius: 4px; font-weight: 600; padding: 0 4px;")
                          .arg(color.accentTint.name(), color.text.name()));
    }
}

}  // namespace gsst
