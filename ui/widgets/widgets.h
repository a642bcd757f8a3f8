// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QBoxLayout>
#include <QFrame>
#include <QLabel>
#include <QPushButton>

namespace gsst {

// Small makers for what every page is composed of. Objects with a parent or in a layout belong to it, as always in Qt.

/// A card of section 4: token colours, radius 8, 16 px padding, with a vertical layout inside.
QFrame* makeCard(QVBoxLayout*& layout, int padding = 16);
/// A horizontal decorative line.
QFrame* makeRule();
/// A label in one of the styles of the sheet: "title", "section", "strong", "quiet", "hint", "axis", "key", "error" or
/// "".
QLabel* makeLabel(const QString& text, const char* type = "", bool wraps = false);
/// A button that never becomes a dialog's default, so that Enter goes to Next.
QPushButton* makeButton(const QString& text, const char* look = "");
/// Sets a property the style sheet selects by, and restyles.
void setLook(QWidget& widget, const char* property, const QString& value);

/// A one-line label that cuts its text with an ellipsis and then shows the whole as a tooltip.
class ElidedLabel : public QLabel {
public:
    explicit ElidedLabel(const QString& text = {}, const char* type = "", Qt::TextElideMode mode = Qt::ElideRight);
    void setFullText(const QString& text);
    const QString& fullText() const { return m_text; }
    QSize minimumSizeHint() const override;
    QSize sizeHint() const override;

protected:
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void elide();
    QString m_text;
    Qt::TextElideMode m_mode;
};

}  // namespace gsst
