// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/wizard/step_list.h"

namespace gsst {

StepList::StepList(const Theme& theme, const QStringList& pages) : m_theme(theme) {
    setProperty("look", "side");
    setFixedWidth(180);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 14, 8);
    column->setSpacing(4);
    auto* head = new QHBoxLayout;
    head->setContentsMargins(4, 0, 0, 10);
    head->setSpacing(9);
    head->addWidget(new IconLabel(theme, "layers", &ThemeTokens::accent, 20));
    head->addWidget(makeLabel(tr("New run"), "section"), 1);
    column->addLayout(head);
    for (int i = 0; i < pages.size(); ++i) {
        Row row{new QFrame, new IconLabel(theme, "dot", &ThemeTokens::edge, 14),
                makeLabel(tr("%1  %2").arg(i + 1).arg(pages[i]))};
        row.frame->setObjectName("stepRow");
        auto* line = new QHBoxLayout(row.frame);
        line->setContentsMargins(10, 7, 8, 7);
        line->setSpacing(12);
        line->addWidget(row.icon);
        line->addWidget(row.text, 1);
        column->addWidget(row.frame);
        m_rows.push_back(row);
    }
    column->addStretch();
    column->addWidget(makeLabel(tr("You can go back and change every value until you press Start."), "hint", true));
    connect(&theme, &Theme::changed, this, [this] { tint(); });
    setCurrent(0);
}

void StepList::setCurrent(int page) {
    m_current = page;
    for (int i = 0; i < int(m_rows.size()); ++i) {
        const Row& row = m_rows[size_t(i)];
        if (i < page)
            row.icon->show("check", &ThemeTokens::ok);
        else
            row.icon->show(i == page ? "chevron-right" : "dot", i == page ? &ThemeTokens::accent : &ThemeTokens::edge);
        gsst::setLook(*row.text, "type", i == page ? "strong" : "quiet");
        row.frame->setAccessibleName(i < page    ? tr("%1, done").arg(row.text->text())
                                     : i == page ? tr("%1, current").arg(row.text->text())
                                                 : row.text->text());
    }
    tint();
}

void StepList::tint() {
    for (int i = 0; i < int(m_rows.size()); ++i)
        m_rows[size_t(i)].frame->setStyleSheet(
            i == m_current
                ? QString("#stepRow { background: %1; border-radius: 6px; }").arg(m_theme.tokens().accentTint.name())
                : QString());
}

}  // namespace gsst
