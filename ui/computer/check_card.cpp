// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/computer/check_card.h"

#include <QCoreApplication>

namespace gsst {

PillLook goodBadge() {
    return {"check", QCoreApplication::translate("CheckCard", "Good"), &ThemeTokens::ok, &ThemeTokens::okTint};
}
PillLook noteBadge(const QString& text) {
    return {"warning", text, &ThemeTokens::warning, &ThemeTokens::warningTint};
}
PillLook unknownBadge() {
    return {"hourglass", QCoreApplication::translate("CheckCard", "Not measured"), &ThemeTokens::text2,
            &ThemeTokens::neutralTint};
}

CheckCard::CheckCard(const Theme& theme, const QString& icon, const QString& name) : m_name(name) {
    setProperty("look", "card");
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(16, 8, 12, 8);
    row->setSpacing(14);
    row->addWidget(new IconLabel(theme, icon, &ThemeTokens::text2, 20));
    auto* words = new QVBoxLayout;
    words->setSpacing(1);
    auto* head = new QHBoxLayout;
    head->setSpacing(10);
    head->addWidget(makeLabel(name, "section"));
    m_figure = new ElidedLabel;
    head->addWidget(m_figure, 1);
    words->addLayout(head);
    m_meaning = makeLabel({}, "hint", true);
    words->addWidget(m_meaning);
    row->addLayout(words, 1);
    m_badge = new Pill(theme);
    row->addWidget(m_badge);
    show({}, QCoreApplication::translate("CheckCard", "Press Measure to find out."), unknownBadge());
}

void CheckCard::show(const QString& figure, const QString& meaning, const PillLook& badge) {
    m_figure->setFullText(figure);
    m_meaning->setText(meaning);
    m_badge->setLook(badge);
    setAccessibleName(text());
}

QString CheckCard::text() const {
    return QString("%1: %2. %3").arg(m_name, m_figure->fullText(), m_meaning->text());
}

}  // namespace gsst
