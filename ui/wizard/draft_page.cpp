// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/wizard/draft_page.h"

namespace gsst {

DraftPage::DraftPage(WizardContext& context, const QString& headline, const QString& sentence) : m_context(context) {
    setAccessibleName(headline);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(16, 8, 16, 8);
    outer->setSpacing(12);
    auto* head = new QVBoxLayout;
    head->setSpacing(2);
    m_headlineRow = new QHBoxLayout;
    m_headlineRow->addWidget(makeLabel(headline, "title"));
    m_headlineRow->addStretch();
    head->addLayout(m_headlineRow);
    m_sentence = makeLabel(sentence, "quiet", true);
    head->addWidget(m_sentence);
    outer->addLayout(head);
    m_body = new QVBoxLayout;
    m_body->setSpacing(12);
    outer->addLayout(m_body, 1);
}

}  // namespace gsst
