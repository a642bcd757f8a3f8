// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme_tokens.h"

#include <QApplication>
#include <QFont>
#include <QObject>
#include <QPalette>

namespace gsst {

/// Steps of the type scale, relative to the system's size.
enum class TextSize { Axis, Hint, Body, Section, Title, Key };

/// Fusion, palette and style sheet from one set of tokens, for the whole application. UI thread only.
class Theme : public QObject {
    Q_OBJECT
public:
    enum class Choice { System, Light, Dark };

    /// Takes the desktop's palette before it is replaced. Call apply() once before the first window shows.
    explicit Theme(QApplication& application);
    void choose(Choice choice);
    Choice choice() const { return m_choice; }
    const ThemeTokens& tokens() const;
    /// The application's font in one step of the scale; `weight` e.g. QFont::DemiBold.
    QFont font(TextSize size, QFont::Weight weight = QFont::Normal) const;
    void apply();

signals:
    /// Plots and painted widgets read the tokens again.
    void changed();

private:
    bool systemIsDark() const;
    QPalette palette() const;

    QApplication& m_application;
    QPalette m_systemPalette;
    Choice m_choice = Choice::System;
};

}  // namespace gsst
