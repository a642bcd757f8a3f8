// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/style_sheet.h"

#include "ui/theme/theme.h"

#include <QFile>
#include <QHash>

namespace gsst {
namespace {

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

QString textOf(const QString& resource) {
    QFile file(resource);
    // A resource is part of the program: one that is missing is our mistake, and a window without rules shows it.
    const bool opened = file.open(QIODevice::ReadOnly);
    Q_ASSERT(opened);
    return opened ? QString::fromUtf8(file.readAll()) : QString();
}

}  // namespace

QString styleSheetOf(const Theme& theme) {
    const QHash<QString, QString> values = valuesOf(theme);
    const QString rules = textOf(QStringLiteral(":/studio.qss"));
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
