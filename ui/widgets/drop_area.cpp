// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/drop_area.h"

#include "ui/text/format.h"
#include "ui/theme/icons.h"

#include <QDragEnterEvent>
#include <QMimeData>
#include <QPainter>

namespace gsst {
namespace {

constexpr int kIcon = 24, kLeft = 22, kGap = 18, kRight = 16;

std::vector<std::filesystem::path> localFiles(const QMimeData& data) {
    std::vector<std::filesystem::path> paths;
    for (const QUrl& url : data.urls())
        if (url.isLocalFile())
            paths.push_back(toPath(url.toLocalFile()));
    return paths;
}

}  // namespace

Door::Door(const Theme& theme, Look look, const Words& words, QWidget* parent)
    : QAbstractButton(parent), m_theme(theme), m_look(look), m_words(words) {
    setText(words.title);
    setAccessibleName(words.title);
    setAccessibleDescription(words.hint);
    setFocusPolicy(Qt::StrongFocus);
    setAcceptDrops(look == Look::Drop);
    setCursor(Qt::PointingHandCursor);
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    connect(&theme, &Theme::changed, this, [this] {
        updateGeometry();
        update();
    });
}

QSize Door::sizeHint() const {
    return {280, heightForWidth(280)};
}

QSize Door::minimumSizeHint() const {
    return {200, 60};
}

int Door::heightForWidth(int width) const {
    return std::max(60, textHeight(width) + 24);
}

QRect Door::textRect(int width) const {
    const int left = kLeft + kIcon + kGap;
    return {left, 0, std::max(40, width - left - kRight), height()};
}

int Door::textHeight(int width) const {
    const QFontMetrics title(m_theme.font(TextSize::Section, QFont::DemiBold)), hint(m_theme.font(TextSize::Hint));
    const int room = textRect(width).width();
    return title.boundingRect(0, 0, room, 1000, Qt::TextWordWrap, m_words.title).height() + 4 +
           hint.boundingRect(0, 0, room, 1000, Qt::TextWordWrap, m_words.hint).height();
}

void Door::paintGround(QPainter& painter) const {
    const ThemeTokens& color = m_theme.tokens();
    const bool primary = m_look == Look::Primary;
    QColor ground = primary ? color.accent : color.card;
    if (underMouse() || isDown() || m_dragOver)
        ground = primary ? blended(color.text, color.accent, 0.1) : color.accentTint;
    QPen pen(primary ? color.accent : color.line, 1);
    if (m_look == Look::Drop)
        pen = QPen(m_dragOver ? color.accent : color.edge, 2, Qt::CustomDashLine);
    if (m_look == Look::Drop)
        pen.setDashPattern({4, 2.5});
    if (hasFocus())
        pen = QPen(primary ? color.text : color.accent, 2);
    painter.setPen(pen);
    painter.setBrush(ground);
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 8, 8);
}

void Door::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    paintGround(painter);
    const ThemeTokens& color = m_theme.tokens();
    const bool primary = m_look == Look::Primary;
    const QColor iconColor = primary ? color.onAccent : color.accent;
    painter.drawPixmap(QRect(kLeft, (height() - kIcon) / 2, kIcon, kIcon),
                       tintedPixmap(m_words.icon, iconColor, kIcon, devicePixelRatioF()));
    QRect room = textRect(width());
    room.setTop((height() - textHeight(width())) / 2);
    painter.setFont(m_theme.font(TextSize::Section, QFont::DemiBold));
    painter.setPen(primary ? color.onAccent : color.text);
    QRect used;
    painter.drawText(room, Qt::TextWordWrap, m_words.title, &used);
    room.setTop(used.bottom() + 5);
    painter.setFont(m_theme.font(TextSize::Hint));
    painter.setPen(primary ? color.onAccent : color.text2);
    painter.drawText(room, Qt::TextWordWrap, m_words.hint);
}

void Door::dragEnterEvent(QDragEnterEvent* event) {
    if (localFiles(*event->mimeData()).empty())
        return;
    event->acceptProposedAction();
    m_dragOver = true;
    update();
}

void Door::dragLeaveEvent(QDragLeaveEvent*) {
    m_dragOver = false;
    update();
}

void Door::dropEvent(QDropEvent* event) {
    m_dragOver = false;
    update();
    event->acceptProposedAction();
    emit dropped(localFiles(*event->mimeData()));
}

}  // namespace gsst
