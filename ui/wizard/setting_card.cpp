// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/wizard/setting_card.h"

namespace gsst {

SettingCard::SettingCard(const QString& name, QWidget* field) {
    setProperty("look", "card");
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(16, 8, 16, 8);
    row->setSpacing(10);
    auto* words = new QVBoxLayout;
    words->setSpacing(2);
    words->addStretch();
    auto* label = makeLabel(name, "section");
    label->setBuddy(field);
    words->addWidget(label);
    m_why = makeLabel({}, "hint", true);
    words->addWidget(m_why);
    words->addStretch();
    row->addLayout(words, 1);
    m_mark = makeLabel(tr("changed"), "changed");
    row->addWidget(m_mark);
    m_reset = makeButton(tr("Reset"), "link");
    m_reset->setAccessibleName(tr("Reset %1").arg(name));
    connect(m_reset, &QPushButton::clicked, this, &SettingCard::reset);
    row->addWidget(m_reset);
    if (field->accessibleName().isEmpty())
        field->setAccessibleName(name);
    row->addWidget(field);
    setChanged(false);
}

void SettingCard::setChanged(bool changed) {
    m_mark->setVisible(changed);
    m_reset->setVisible(changed);
}

}  // namespace gsst
