// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/theme_tokens.h"

#include <cmath>

namespace gsst {
namespace {

void addTints(ThemeTokens& tokens) {
    const double share = tokens.dark ? 0.16 : 0.13;
    tokens.okTint = blended(tokens.ok, tokens.card, share);
    tokens.warningTint = blended(tokens.warning, tokens.card, share);
    tokens.errorTint = blended(tokens.error, tokens.card, share);
    tokens.infoTint = blended(tokens.info, tokens.card, share);
    tokens.neutralTint = tokens.dark ? QColor("#2A323B") : QColor("#E5E9EE");
}

ThemeTokens makeLight() {
    ThemeTokens tokens;
    tokens.window = "#F3F5F7";
    tokens.card = "#FFFFFF";
    tokens.side = "#E9EDF1";
    tokens.inset = "#F0F3F6";
    tokens.line = "#D6DCE3";
    tokens.edge = "#7C8998";
    tokens.text = "#16202B";
    tokens.text2 = "#465363";
    tokens.text3 = "#5C6978";
    tokens.accent = "#0B6E80";
    tokens.onAccent = "#FFFFFF";
    tokens.accentTint = "#DDF0F3";
    tokens.ok = "#1B7335";
    tokens.warning = "#8A5200";
    tokens.error = "#B3261E";
    tokens.info = "#1A5FAE";
    tokens.plot = {"#2B7CE0", "#B23A0E", "#00574A", "#5C2A8C", "#B88A00", "#7B8590"};
    tokens.read = "#0B5C92";
    tokens.compute = "#BF7A0A";
    tokens.write = "#A75CF0";
    tokens.written = "#8FBDC4";
    tokens.ready = "#C3D6E6";
    tokens.onCompute = "#16202B";
    addTints(tokens);
    return tokens;
}

ThemeTokens makeDark() {
    ThemeTokens tokens;
    tokens.dark = true;
    tokens.window = "#13171C";
    tokens.card = "#1B2027";
    tokens.side = "#0F1317";
    tokens.inset = "#242B33";
    tokens.line = "#323B46";
    tokens.edge = "#748191";
    tokens.text = "#E9EDF2";
    tokens.text2 = "#B6C0CB";
    tokens.text3 = "#94A0AD";
    tokens.accent = "#4CC4D6";
    tokens.onAccent = "#04222A";
    tokens.accentTint = "#123A42";
    tokens.ok = "#6CCB83";
    tokens.warning = "#F2B84B";
    tokens.error = "#FF8F85";
    tokens.info = "#82BBF7";
    tokens.plot = {"#8FBFFF", "#E2703A", "#43E0A4", "#B765F2", "#F5DC55", "#87919C"};
    tokens.read = "#3D9CF5";
    tokens.compute = "#F2A92E";
    tokens.write = "#F7B9E6";
    tokens.written = "#2F6872";
    tokens.ready = "#20405E";
    tokens.onCompute = "#16202B";
    addTints(tokens);
    return tokens;
}

double luminance(const QColor& color) {
    const auto linear = [](double value) {
        return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(double(color.redF())) + 0.7152 * linear(double(color.greenF())) +
           0.0722 * linear(double(color.blueF()));
}

}  // namespace

const ThemeTokens& lightTokens() {
    static const ThemeTokens tokens = makeLight();
    return tokens;
}

const ThemeTokens& darkTokens() {
    static const ThemeTokens tokens = makeDark();
    return tokens;
}

QColor blended(const QColor& over, const QColor& ground, double share) {
    const auto mix = [share](float a, float b) { return float(double(a) * share + double(b) * (1 - share)); };
    return QColor::fromRgbF(mix(over.redF(), ground.redF()), mix(over.greenF(), ground.greenF()),
                            mix(over.blueF(), ground.blueF()));
}

QColor readableOn(const QColor& ground) {
    const double light = luminance(ground);
    return (1.05 / (light + 0.05)) > ((light + 0.05) / 0.05) ? QColor(Qt::white) : QColor(Qt::black);
}

}  // namespace gsst
