// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/icons.h"

#include <QFile>
#include <QIconEngine>
#include <QPainter>
#include <QPixmapCache>
#include <QPushButton>
#include <QSvgRenderer>

namespace gsst {
namespace {

class TintedIconEngine : public QIconEngine {
public:
    TintedIconEngine(QString name, QColor color) : m_name(std::move(name)), m_color(std::move(color)) {}

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override {
        const double scale = painter->device() ? painter->device()->devicePixelRatioF() : 1.0;
        const int size = std::min(rect.width(), rect.height());
        const QPoint corner(rect.center().x() - (size - 1) / 2, rect.center().y() - (size - 1) / 2);
        if (mode == QIcon::Disabled)
            painter->setOpacity(painter->opacity() * 0.5);
        painter->drawPixmap(QRect(corner, QSize(size, size)), tintedPixmap(m_name, m_color, size, scale));
    }
    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override {
        return scaledPixmap(size, mode, state, 1.0);
    }
    QPixmap scaledPixmap(const QSize& size, QIcon::Mode mode, QIcon::State state, qreal scale) override {
        QPixmap pixmap(size * scale);
        pixmap.fill(Qt::transparent);
        pixmap.setDevicePixelRatio(scale);
        QPainter painter(&pixmap);
        paint(&painter, QRect(QPoint(), size), mode, state);
        return pixmap;
    }
    QIconEngine* clone() const override { return new TintedIconEngine(m_name, m_color); }

private:
    QString m_name;
    QColor m_color;
};

/// A button's icon: its child, one a button, so that setting it often costs nothing.
class ThemedIcon : public QObject {
public:
    ThemedIcon(QAbstractButton& button, const Theme& theme) : QObject(&button), m_button(button), m_theme(theme) {
        QObject::connect(&theme, &Theme::changed, this, [this] { tint(); });
    }
    void show(const QString& name, TokenColor color) {
        if (name == m_name && color == m_color)
            return;
        m_name = name;
        m_color = color;
        tint();
    }

private:
    void tint() { m_button.setIcon(tintedIcon(m_name, m_theme.tokens().*m_color)); }

    QAbstractButton& m_button;
    const Theme& m_theme;
    QString m_name;
    TokenColor m_color = nullptr;
};

}  // namespace

QPixmap tintedPixmap(const QString& name, const QColor& color, int size, double scale) {
    const QString key = QString("gsst/%1/%2/%3/%4").arg(name, color.name(QColor::HexArgb)).arg(size).arg(scale);
    QPixmap pixmap;
    if (QPixmapCache::find(key, &pixmap))
        return pixmap;
    QFile file(":/icons/" + name + ".svg");
    if (!file.open(QIODevice::ReadOnly))
        return pixmap;
    QSvgRenderer renderer(file.readAll().replace("#000", color.name().toLatin1()));
    const int pixels = std::max(1, int(std::lround(size * scale)));
    pixmap = QPixmap(pixels, pixels);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    renderer.render(&painter);
    painter.end();
    pixmap.setDevicePixelRatio(scale);
    QPixmapCache::insert(key, pixmap);
    return pixmap;
}

QIcon tintedIcon(const QString& name, const QColor& color) {
    return QIcon(new TintedIconEngine(name, color));
}

void setThemedIcon(QAbstractButton& button, const Theme& theme, const QString& name, TokenColor color) {
    ThemedIcon* icon = nullptr;
    for (QObject* child : button.children())
        if (auto* known = dynamic_cast<ThemedIcon*>(child))
            icon = known;
    if (!icon)
        icon = new ThemedIcon(button, theme);
    // Wider than the icon is: that is its distance from the word.
    if (qobject_cast<QPushButton*>(&button))
        button.setIconSize({22, 16});
    icon->show(name, color);
}

IconLabel::IconLabel(const Theme& theme, const QString& name, TokenColor color, int size, QWidget* parent)
    : QWidget(parent), m_theme(theme), m_name(name), m_color(color), m_size(size) {
    setFixedSize(size, size);
}

void IconLabel::show(const QString& name, TokenColor color) {
    m_name = name;
    m_color = color;
    update();
}

void IconLabel::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.drawPixmap(rect(), tintedPixmap(m_name, m_theme.tokens().*m_color, m_size, devicePixelRatioF()));
}

}  // namespace gsst
