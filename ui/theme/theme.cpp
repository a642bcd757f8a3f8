// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/theme.h"

#include "ui/theme/style_sheet.h"

#include <QFontInfo>
#include <QStyleFactory>
#include <QStyleHints>

#include <cmath>

/// Icons live in a static library: without this nothing would refer to them, and the linker would leave them out.
static void loadResources() {
    Q_INIT_RESOURCE(studio);
}

namespace gsst {
namespace {

double factorOf(TextSize size) {
    switch (size) {
    case TextSize::Axis:
        return 0.85;
    case TextSize::Hint:
        return 0.92;
    case TextSize::Body:
        return 1.0;
    case TextSize::Section:
        return 1.08;
    case TextSize::Title:
        return 1.6;
    case TextSize::Key:
        return 2.0;
    }
    return 1.0;
}

}  // namespace

Theme::Theme(QApplication& application) : m_application(application), m_systemPalette(application.palette()) {
    loadResources();
}

void Theme::choose(Choice choice) {
    m_choice = choice;
    apply();
}

const ThemeTokens& Theme::tokens() const {
    const bool dark = m_choice == Choice::Dark || (m_choice == Choice::System && systemIsDark());
    return dark ? darkTokens() : lightTokens();
}

QFont Theme::font(TextSize size, QFont::Weight weight) const {
    QFont font = QApplication::font();
    font.setPixelSize(std::max(8, int(std::lround(QFontInfo(font).pixelSize() * factorOf(size)))));
    font.setWeight(weight);
    return font;
}

void Theme::apply() {
    m_application.setStyle(QStyleFactory::create("Fusion"));
    m_application.setPalette(palette());
    m_application.setStyleSheet(styleSheetOf(*this));
    emit changed();
}

bool Theme::systemIsDark() const {
#if QT_VERSION >= QT_VERSION_CHECK(6, 5, 0)
    return QApplication::styleHints()->colorScheme() == Qt::ColorScheme::Dark;
#else
    return m_systemPalette.color(QPalette::Window).lightness() <
           m_systemPalette.color(QPalette::WindowText).lightness();
#endif
}

QPalette Theme::palette() const {
    const ThemeTokens& color = tokens();
    QPalette palette;
    palette.setColor(QPalette::Window, color.window);
    palette.setColor(QPalette::WindowText, color.text);
    palette.setColor(QPalette::Base, color.card);
    palette.setColor(QPalette::AlternateBase, color.inset);
    palette.setColor(QPalette::Text, color.text);
    palette.setColor(QPalette::PlaceholderText, color.text3);
    palette.setColor(QPalette::Button, color.card);
    palette.setColor(QPalette::ButtonText, color.text);
    palette.setColor(QPalette::BrightText, color.error);
    for (const QPalette::ColorRole role : {QPalette::Mid, QPalette::Dark, QPalette::Midlight, QPalette::Light})
        palette.setColor(role, color.line);
    palette.setColor(QPalette::ToolTipBase, color.card);
    palette.setColor(QPalette::ToolTipText, color.text);
    palette.setColor(QPalette::Highlight, color.accent);
    palette.setColor(QPalette::HighlightedText, color.onAccent);
    palette.setColor(QPalette::Link, color.accent);
    palette.setColor(QPalette::LinkVisited, color.accent);
    for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        palette.setColor(QPalette::Disabled, role, color.text3);
    return palette;
}

}  // namespace gsst
