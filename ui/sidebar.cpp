// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/sidebar.h"

#include "ui/widgets/pill.h"

namespace gsst {

Sidebar::Sidebar(const RunController& controller, const Theme& theme, const std::vector<WindowPage>& pages)
    : m_controller(controller), m_theme(theme) {
    setProperty("look", "side");
    setFixedWidth(180);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(10, 10, 10, 10);
    column->setSpacing(2);
    auto* head = new QHBoxLayout;
    head->setContentsMargins(8, 0, 0, 8);
    head->setSpacing(9);
    head->addWidget(new IconLabel(theme, "layers", &ThemeTokens::accent, 20));
    head->addWidget(new ElidedLabel(tr("GSST Studio"), "section"), 1);
    column->addLayout(head);
    addEntries(*column, pages, WindowPage::Group::Top);
    m_openRun = new QWidget;
    auto* run = new QVBoxLayout(m_openRun);
    run->setContentsMargins(0, 12, 0, 0);
    run->setSpacing(4);
    auto* caption = makeLabel(tr("OPEN RUN"), "axis");
    caption->setContentsMargins(8, 0, 0, 0);
    run->addWidget(caption);
    auto* name = new QHBoxLayout;
    name->setContentsMargins(9, 0, 4, 2);
    name->setSpacing(7);
    m_stateIcon = new IconLabel(theme, "pause", &ThemeTokens::text2, 12);
    m_name = new ElidedLabel({}, "strong");
    name->addWidget(m_stateIcon);
    name->addWidget(m_name, 1);
    run->addLayout(name);
    addEntries(*run, pages, WindowPage::Group::OpenRun);
    column->addWidget(m_openRun);
    column->addStretch();
    addEntries(*column, pages, WindowPage::Group::Bottom);
    refresh();
}

void Sidebar::addEntries(QBoxLayout& column, const std::vector<WindowPage>& pages, WindowPage::Group group) {
    for (const WindowPage& page : pages) {
        if (page.group != group)
            continue;
        m_entries.emplace_back(page.id, makeEntry(page));
        column.addWidget(m_entries.back().second);
    }
}

QToolButton* Sidebar::makeEntry(const WindowPage& page) {
    auto* entry = new QToolButton;
    entry->setProperty("look", "nav");
    entry->setText(page.title);
    entry->setToolTip(page.hint);
    entry->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    entry->setCheckable(true);
    // A click leaves the focus where it was, so that a ring is seen by those who use keys only.
    entry->setFocusPolicy(Qt::TabFocus);
    entry->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    // Wider than the icon is: that is its distance from the word.
    entry->setIconSize({28, 16});
    setThemedIcon(*entry, m_theme, page.icon, &ThemeTokens::text2);
    connect(entry, &QToolButton::clicked, this, [this, id = page.id] { emit chosen(id); });
    return entry;
}

void Sidebar::setCurrent(PageId page) {
    for (const auto& [id, entry] : m_entries)
        entry->setChecked(id == page);
}

void Sidebar::refresh() {
    m_openRun->setVisible(m_controller.hasRun());
    const PillLook look = pillOf(m_controller.state());
    m_stateIcon->show(look.icon, look.color);
    m_name->setFullText(m_controller.facts().name);
}

}  // namespace gsst
