// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/style_sheet.h"

#include "ui/theme/theme.h"

#include <QHash>

namespace gsst {
namespace {

// Placeholders: @name is a colour token or a size, replaced below.
constexpr const char* kRules = R"(
* { font-size: @body; }
QToolTip { background: @card; color: @text; border: 1px solid @edge; padding: 4px 6px; }
QMenuBar { background: @side; color: @text2; padding: 0 8px; }
QMenuBar::item { padding: 4px 10px; background: transparent; border-radius: 4px; }
QMenuBar::item:selected { background: @accentTint; color: @text; }
QMenu { background: @card; color: @text; border: 1px solid @edge; padding: 4px; }
QMenu::item { padding: 6px 28px 6px 24px; border-radius: 4px; }
QMenu::item:selected { background: @accentTint; color: @text; }
QMenu::item:disabled { color: @text3; }
QMenu::separator { height: 1px; background: @line; margin: 4px 8px; }

QLabel { background: transparent; }
QLabel[type="axis"] { font-size: @axis; color: @text2; }
QLabel[type="hint"] { font-size: @hint; color: @text2; }
QLabel[type="quiet"] { color: @text2; }
QLabel[type="strong"] { font-weight: 600; }
QLabel[type="section"] { font-size: @section; font-weight: 600; }
QLabel[type="title"] { font-size: @title; font-weight: 600; }
QLabel[type="key"] { font-size: @key; font-weight: 600; }
QLabel[type="warning"] { font-size: @hint; color: @warning; }
QLabel[type="error"] { color: @error; font-weight: 600; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QMessageBox QLabel#qt_msgbox_label { font-weight: 600; }
QLabel[type="changed"] { font-size: @hint; color: @accent; }

QFrame[look="card"] { background: @card; border: 1px solid @line; border-radius: 8px; }
QFrame[look="inset"] { background: @inset; border: none; border-radius: 6px; }
QFrame[look="side"] { background: @side; border: none; border-right: 1px solid @line; }
QFrame[look="strip"] { background: @side; border: none; border-top: 1px solid @line; }
QFrame[look="rule"] { background: @line; border: none; max-height: 1px; min-height: 1px; }
QFrame[look="hover"] { background: @card; border: 1px solid @edge; border-radius: 6px; }
QFrame[look="noticeWarning"] { background: @warningTint; border: 1px solid @warning; border-radius: 8px; }
QFrame[look="noticeError"] { background: @errorTint; border: 1px solid @error; border-radius: 8px; }

QPushButton { background: @card; color: @text; border: 1px solid @edge; border-radius: 6px; padding: 0 13px; min-height: 30px; font-weight: 500; }
QPushButton:hover { background: @inset; }
QPushButton:pressed { background: @accentTint; }
QPushButton:disabled { background: @inset; color: @text3; border-color: @line; }
QPushButton:focus { border: 2px solid @accent; padding: 0 12px; min-height: 28px; }
QPushButton[look="primary"], QWizard QPushButton[look="primary"] { background: @accent; color: @onAccent; border: 1px solid @accent; font-weight: 600; }
QPushButton[look="primary"]:hover { background: @accentHover; }
QPushButton[look="primary"]:disabled { background: @neutralTint; color: @text3; border-color: @line; }
QPushButton[look="primary"]:focus { border: 2px solid @text; }
QPushButton[look="link"] { background: transparent; color: @accent; border: 1px solid transparent; padding: 0 6px; min-height: 24px; font-weight: 600; }
QPushButton[look="link"]:hover { background: @accentTint; }
QPushButton[look="link"]:focus { border: 2px solid @accent; padding: 0 5px; min-height: 22px; }
QPushButton[look="small"] { min-height: 24px; padding: 0 8px; font-size: @hint; }
QPushButton[look="small"]:focus { min-height: 22px; padding: 0 7px; }
QPushButton[look="small"]:checked { background: @accentTint; border-color: @accent; }
QToolButton { background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 3px; }
QToolButton:hover { background: @inset; }
QToolButton:focus { border: 2px solid @accent; padding: 2px; }
QToolButton[look="pause"] { background: @accent; color: @onAccent; border: none; border-radius: 6px; padding: 0 36px 0 18px; font-size: @pause; font-weight: 600; min-height: 46px; }
QToolButton[look="pause"]:hover { background: @accentHover; }
QToolButton[look="pause"]:disabled { background: @neutralTint; color: @text3; }
QToolButton[look="pause"]:focus { border: 2px solid @text; }
QToolButton[look="pause"]::menu-button { border: none; border-left: 1px solid @onAccent; width: 30px; }
QToolButton[look="pause"]::menu-arrow { image: url(:/controls/@onAccentControls/chevron-down.svg); width: 14px; height: 14px; }
QToolButton[look="nav"] { color: @text2; text-align: left; padding: 0 3px; min-height: 32px; font-weight: 500; border-radius: 6px; border: 1px solid transparent; }
QToolButton[look="nav"]:hover { background: @inset; }
QToolButton[look="nav"]:checked { background: @accentTint; color: @text; font-weight: 600; }
QToolButton[look="nav"]:focus { border: 2px solid @accent; padding: 0 2px; min-height: 30px; }
QToolButton[look="nav"]:disabled { color: @text3; }

QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox { background: @card; color: @text; border: 1px solid @edge; border-radius: 6px; padding: 0 10px; min-height: 30px; selection-background-color: @accent; selection-color: @onAccent; }
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus { border: 2px solid @accent; padding: 0 9px; min-height: 28px; }
QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled { color: @text3; border-color: @line; }
QComboBox { padding-right: 26px; }
QComboBox::drop-down { border: none; width: 24px; }
QComboBox::down-arrow { image: url(:/controls/@controls/chevron-down.svg); width: 12px; height: 12px; }
QComboBox[look="small"] { min-height: 24px; font-size: @hint; padding: 0 8px; padding-right: 22px; }
QComboBox[look="small"]:focus { min-height: 22px; padding: 0 7px; padding-right: 21px; }
QComboBox QAbstractItemView { background: @card; border: 1px solid @edge; selection-background-color: @accentTint; selection-color: @text; outline: none; }
QSpinBox::up-button, QDoubleSpinBox::up-button { subcontrol-origin: border; subcontrol-position: top right; border: none; width: 22px; }
QSpinBox::down-button, QDoubleSpinBox::down-button { subcontrol-origin: border; subcontrol-position: bottom right; border: none; width: 22px; }
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow { image: url(:/controls/@controls/chevron-up.svg); width: 9px; height: 9px; }
QSpinBox::down-arrow, QDoubleSpinBox::down-arrow { image: url(:/controls/@controls/chevron-down.svg); width: 9px; height: 9px; }
QRadioButton, QCheckBox { spacing: 8px; background: transparent; font-weight: 500; border: 2px solid transparent; border-radius: 4px; }
QRadioButton:focus, QCheckBox:focus { border-color: @accent; }
QRadioButton::indicator { width: 14px; height: 14px; border: 1px solid @edge; border-radius: 8px; background: @card; }
QRadioButton::indicator:checked { background: @accent; border-color: @accent; image: url(:/controls/@controls/radio.svg); }
QCheckBox::indicator { width: 14px; height: 14px; border: 1px solid @edge; border-radius: 4px; background: @card; }
QCheckBox::indicator:checked { background: @accent; border-color: @accent; image: url(:/controls/@controls/check.svg); }

QSlider { min-height: 22px; border: 2px solid transparent; border-radius: 6px; background: transparent; }
QSlider:focus { border-color: @accent; }
QSlider::groove:horizontal { height: 4px; background: @line; border-radius: 2px; }
QSlider::sub-page:horizontal { background: @accent; border-radius: 2px; }
QSlider::handle:horizontal { background: @card; border: 2px solid @accent; width: 14px; height: 10px; margin: -5px 0; border-radius: 7px; }
QProgressBar { background: @track; border: none; border-radius: 4px; min-height: 8px; max-height: 8px; }
QProgressBar::chunk { background: @accent; border-radius: 4px; }
QProgressBar[tone="calm"]::chunk { background: @edge; }
QProgressBar[tone="done"]::chunk { background: @ok; }
QProgressBar[tone="trouble"]::chunk { background: @warning; }

QAbstractItemView { background: @card; color: @text; border: none; outline: none; gridline-color: @line; selection-background-color: @accentTint; selection-color: @text; }
QTableView { border: 2px solid transparent; border-radius: 6px; }
QTableView:focus { border-color: @accent; }
QTableView::item { border-bottom: 1px solid @line; padding: 0 8px; }
QTableView::item:selected { background: @accentTint; color: @text; }
QHeaderView { background: transparent; border: none; }
QHeaderView::section { background: @card; color: @text2; border: none; border-bottom: 1px solid @line; padding: 4px 2px 4px 8px; font-size: @hint; font-weight: 600; min-height: 22px; }
QHeaderView::down-arrow { image: url(:/controls/@controls/chevron-down.svg); width: 10px; height: 10px; }
QHeaderView::up-arrow { image: url(:/controls/@controls/chevron-up.svg); width: 10px; height: 10px; }
QTextEdit, QPlainTextEdit { background: @inset; color: @text; border: 2px solid transparent; border-radius: 6px; selection-background-color: @accent; selection-color: @onAccent; }
QPlainTextEdit[look="log"], QTextEdit[look="plain"] { background: @card; }
QPlainTextEdit[look="log"] { color: @text2; }
QTextEdit:focus, QPlainTextEdit:focus { border-color: @accent; }
QTabWidget::pane { border: none; }
QTabBar { background: transparent; border: none; }
QTabBar::tab { background: transparent; color: @text2; font-weight: 600; padding: 4px 2px 6px 2px; margin-right: 16px; border: none; border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: @text; border-bottom: 2px solid @accent; }
QTabBar::tab:focus { color: @accent; }
QScrollArea { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar::handle:vertical { background: @edge; border-radius: 4px; min-height: 24px; margin: 1px; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle:horizontal { background: @edge; border-radius: 4px; min-width: 24px; margin: 1px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; border: none; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QSplitter::handle { background: transparent; }
QSplitter::handle:hover { background: @line; }
)";

QHash<QString, QString> valuesOf(const Theme& theme) {
    const ThemeTokens& color = theme.tokens();
    const auto pixels = [&theme](TextSize size) { return QString::number(theme.font(size).pixelSize()) + "px"; };
    return {{"window", color.window.name()},
            {"card", color.card.name()},
            {"side", color.side.name()},
            {"inset", color.inset.name()},
            {"line", color.line.name()},
            {"edge", color.edge.name()},
            {"text", color.text.name()},
            {"text2", color.text2.name()},
            {"text3", color.text3.name()},
            {"accent", color.accent.name()},
            {"accentHover", blended(color.text, color.accent, 0.12).name()},
            {"onAccent", color.onAccent.name()},
            {"accentTint", color.accentTint.name()},
            {"ok", color.ok.name()},
            {"warning", color.warning.name()},
            {"error", color.error.name()},
            {"warningTint", color.warningTint.name()},
            {"errorTint", color.errorTint.name()},
            {"neutralTint", color.neutralTint.name()},
            {"track", blended(color.line, color.card, 0.75).name()},
            {"controls", color.dark ? "dark" : "light"},
            {"onAccentControls", color.dark ? "on-dark" : "on-light"},
            {"axis", pixels(TextSize::Axis)},
            {"hint", pixels(TextSize::Hint)},
            {"body", pixels(TextSize::Body)},
            {"section", pixels(TextSize::Section)},
            {"title", pixels(TextSize::Title)},
            {"key", pixels(TextSize::Key)},
            {"pause", QString::number(theme.font(TextSize::Body).pixelSize() * 5 / 4) + "px"}};
}

}  // namespace

QString styleSheetOf(const Theme& theme) {
    const QHash<QString, QString> values = valuesOf(theme);
    const QString rules = QString::fromLatin1(kRules);
    QString sheet;
    sheet.reserve(rules.size() * 2);
    for (qsizetype i = 0; i < rules.size();) {
        if (rules[i] != u'@') {
            sheet += rules[i++];
            continue;
        }
        qsizetype end = ++i;
        while (end < rules.size() && rules[end].isLetterOrNumber())
            ++end;
        sheet += values.value(rules.mid(i, end - i));
        i = end;
    }
    return sheet;
}

}  // namespace gsst
