// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/disclosure.h"

#include "ui/theme/icons.h"

namespace gsst {

Disclosure::Disclosure(const Theme& theme, const QString& title, const QString& sentence, QWidget* content) {
    setProperty("look", "card");
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(10, 6, 16, 6);
    column->setSpacing(8);
    auto* row = new QHBoxLayout;
    row->setSpacing(10);
    m_head = new QToolButton;
    m_head->setProperty("look", "nav");
    m_head->setCheckable(true);
    m_head->setText(title);
    m_head->setAccessibleDescription(sentence);
    m_head->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_head->setIconSize({22, 14});
    m_head->setFocusPolicy(Qt::StrongFocus);
    row->addWidget(m_head);
    row->addWidget(new ElidedLabel(sentence, "hint"), 1);
    column->addLayout(row);
    column->addWidget(content);
    content->hide();
    setThemedIcon(*m_head, theme, "chevron-right", &ThemeTokens::text2);
    connect(m_head, &QToolButton::toggled, this, [this, content, &theme](bool open) {
        setThemedIcon(*m_head, theme, open ? "chevron-down" : "chevron-right", &ThemeTokens::text2);
        content->setVisible(open);
        emit toggled(open);
    });
}

}  // namespace gsst
