// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/widgets.h"

#include <QEvent>
#include <QStyle>

namespace gsst {

QFrame* makeCard(QVBoxLayout*& layout, int padding) {
    auto* card = new QFrame;
    card->setProperty("look", "card");
    layout = new QVBoxLayout(card);
    layout->setContentsMargins(padding, padding, padding, padding);
    layout->setSpacing(8);
    return card;
}

QFrame* makeRule() {
    auto* rule = new QFrame;
    rule->setProperty("look", "rule");
    return rule;
}

QLabel* makeLabel(const QString& text, const char* type, bool wraps) {
    auto* label = new QLabel(text);
    label->setTextFormat(Qt::PlainText);
    label->setProperty("type", QString::fromLatin1(type));
    label->setWordWrap(wraps);
    return label;
}

QPushButton* makeButton(const QString& text, const char* look) {
    auto* button = new QPushButton(text);
    button->setAutoDefault(false);
    button->setProperty("look", QString::fromLatin1(look));
    return button;
}

void setLook(QWidget& widget, const char* property, const QString& value) {
    if (widget.property(property).toString() == value)
        return;
    widget.setProperty(property, value);
    widget.style()->unpolish(&widget);
    widget.style()->polish(&widget);
}

ElidedLabel::ElidedLabel(const QString& text, const char* type, Qt::TextElideMode mode) : m_mode(mode) {
    setTextFormat(Qt::PlainText);
    setProperty("type", QString::fromLatin1(type));
    setFullText(text);
}

void ElidedLabel::setFullText(const QString& text) {
    if (text == m_text)
        return;
    m_text = text;
    setAccessibleName(text);
    updateGeometry();
    elide();
}

QSize ElidedLabel::minimumSizeHint() const {
    return {std::min(fontMetrics().horizontalAdvance(m_text), fontMetrics().averageCharWidth() * 6) + 2,
            QLabel::minimumSizeHint().height()};
}

QSize ElidedLabel::sizeHint() const {
    return {fontMetrics().horizontalAdvance(m_text) + 4, QLabel::sizeHint().height()};
}

void ElidedLabel::resizeEvent(QResizeEvent* event) {
    QLabel::resizeEvent(event);
    elide();
}

void ElidedLabel::changeEvent(QEvent* event) {
    QLabel::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange)
        elide();
}

void ElidedLabel::elide() {
    const QString shown = fontMetrics().elidedText(m_text, m_mode, std::max(0, width() - 2));
    setText(shown);
    setToolTip(shown == m_text ? QString() : m_text);
}

}  // namespace gsst
