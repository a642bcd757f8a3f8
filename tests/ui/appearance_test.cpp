// SPDX-License-Identifier: GPL-3.0-or-later
// Figures as people read them, and colours that can be read.
#include "ui/text/format.h"
#include "ui/theme/style_sheet.h"
#include "ui/theme/theme.h"

#include <QApplication>
#include <QTest>

#include <cmath>
#include <limits>

using namespace gsst;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double luminance(const QColor& color) {
    const auto linear = [](double value) {
        return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(double(color.redF())) + 0.7152 * linear(double(color.greenF())) +
           0.0722 * linear(double(color.blueF()));
}

double contrast(const QColor& a, const QColor& b) {
    const double one = luminance(a), two = luminance(b);
    return (std::max(one, two) + 0.05) / (std::min(one, two) + 0.05);
}

}  // namespace

class AppearanceTest : public QObject {
    Q_OBJECT
private slots:
    void figuresReadWell();
    void textKeepsItsContrast();
    void everyNameInTheStyleSheetIsKnown();
};

void AppearanceTest::figuresReadWell() {
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedKingdom));
    QCOMPARE(durationText(26700), QString("7 h 25 min"));
    QCOMPARE(durationText(59.6 * 60), QString("1 h"));
    QCOMPARE(durationText(kNaN), QString("–"));
    QCOMPARE(bytesText(6.2 * kGiB), QString("6.2 GiB"));
    QCOMPARE(bytesText(500 * kMiB), QString("500 MiB"));
    QCOMPARE(countText(120e6), QString("120 M"));
    QCOMPARE(countText(1.1e9), QString("1.1 B"));
    QCOMPARE(changeText(-0.031), QString("−3 %"));
    QCOMPARE(changeText(0.001), QString("0 %"));
    QCOMPARE(fromPath(toPath("Übung/файл")), QString("Übung/файл"));
}

void AppearanceTest::textKeepsItsContrast() {
    for (const ThemeTokens* tokens : {&lightTokens(), &darkTokens()}) {
        for (const QColor& ground : {tokens->window, tokens->card, tokens->side, tokens->inset, tokens->accentTint})
            for (const QColor& text : {tokens->text, tokens->text2})
                QVERIFY2(contrast(text, ground) >= 4.5, qPrintable(text.name() + " on " + ground.name()));
        QVERIFY(contrast(tokens->onAccent, tokens->accent) >= 4.5);
        const std::pair<QColor, QColor> pills[] = {{tokens->ok, tokens->okTint},
                                                   {tokens->warning, tokens->warningTint},
                                                   {tokens->error, tokens->errorTint},
                                                   {tokens->info, tokens->infoTint},
                                                   {tokens->text2, tokens->neutralTint}};
        for (const auto& [text, ground] : pills)
            QVERIFY2(contrast(text, ground) >= 4.5, qPrintable(text.name() + " on " + ground.name()));
        QVERIFY(contrast(tokens->edge, tokens->card) >= 3);
    }
}

void AppearanceTest::everyNameInTheStyleSheetIsKnown() {
    Theme theme(*qApp);
    for (const Theme::Choice choice : {Theme::Choice::Light, Theme::Choice::Dark}) {
        theme.choose(choice);
        const QString sheet = styleSheetOf(theme);
        QVERIFY2(sheet.contains("QPushButton:focus"), "the rules are part of the program");
        QVERIFY(!sheet.contains('@'));
        // An unknown name leaves nothing behind.
        for (const char* nothing : {": ;", "  ", "solid ;", "/ /", "//"})
            for (const QString& line : sheet.split('\n'))
                QVERIFY2(!line.trimmed().contains(nothing) || line.startsWith("/*"), qPrintable(line));
    }
}

QTEST_MAIN(AppearanceTest)
#include "appearance_test.moc"
