// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/wizard/memory_bar.h"

#include "ui/text/format.h"

#include <QCoreApplication>
#include <QHelpEvent>
#include <QPainter>
#include <QPainterPath>
#include <QToolTip>

#include <algorithm>
#include <numeric>

namespace gsst {
namespace {

constexpr int kBarHeight = 26;

QString words(const char* text) {
    return QCoreApplication::translate("MemoryKind", text);
}

}  // namespace

QString kindName(MemoryKind kind) {
    switch (kind) {
    case MemoryKind::Weights:
        return words("weights");
    case MemoryKind::Gradients:
        return words("gradients");
    case MemoryKind::Optimizer:
        return words("optimizer state");
    case MemoryKind::Activations:
        return words("activations");
    case MemoryKind::Staging:
        return words("staging, runtime");
    }
    return {};
}

QColor kindColor(const ThemeTokens& tokens, MemoryKind kind) {
    switch (kind) {
    case MemoryKind::Weights:
        return tokens.plot[0];
    case MemoryKind::Gradients:
        return tokens.plot[4];
    case MemoryKind::Optimizer:
        return tokens.plot[3];
    case MemoryKind::Activations:
        return tokens.plot[2];
    case MemoryKind::Staging:
        return tokens.plot[5];
    }
    return tokens.plot[5];
}

MemoryBar::MemoryBar(const Theme& theme, MemoryTier tier, QWidget* parent)
    : QWidget(parent), m_theme(theme), m_tier(tier) {
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&theme, &Theme::changed, this, [this] { update(); });
}

void MemoryBar::show(const PlanPreview& plan, int64_t limitBytes, int64_t totalBytes) {
    QStringList parts;
    for (size_t kind = 0; kind < m_bytes.size(); ++kind) {
        m_bytes[kind] = plan.bytes[kind][size_t(m_tier)];
        if (m_bytes[kind] > 0)
            parts << kindName(MemoryKind(kind)) + " " + bytesText(double(m_bytes[kind]));
    }
    m_limit = limitBytes;
    m_total = totalBytes;
    setAccessibleDescription(parts.join(", "));
    update();
}

int64_t MemoryBar::shownBytes() const {
    return std::accumulate(m_bytes.begin(), m_bytes.end(), int64_t(0));
}

double MemoryBar::span() const {
    const double needed = 1.25 * double(std::max(shownBytes(), m_limit));
    return std::max(1.0, m_total > 0 ? std::min(needed, std::max(double(m_total), double(shownBytes()))) : needed);
}

void MemoryBar::paintEvent(QPaintEvent*) {
    const ThemeTokens& color = m_theme.tokens();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF bar(0, 0, width(), kBarHeight);
    QPainterPath shape;
    shape.addRoundedRect(bar, 5, 5);
    painter.save();
    painter.setClipPath(shape);
    painter.fillRect(bar, blended(color.line, color.card, 0.6));
    const QFont font = m_theme.font(TextSize::Axis, QFont::DemiBold);
    const QFontMetrics metrics(font);
    painter.setFont(font);
    double left = 0;
    for (size_t kind = 0; kind < m_bytes.size(); ++kind) {
        const double width = bar.width() * double(m_bytes[kind]) / span();
        if (width <= 0)
            continue;
        const QColor ground = kindColor(color, MemoryKind(kind));
        const QRectF part(left, 0, std::max(1.0, width - 1.5), bar.height());
        painter.fillRect(part, ground);
        const QString figure = bytesText(double(m_bytes[kind]));
        const QString both = kindName(MemoryKind(kind)) + " " + figure;
        const QString text = metrics.horizontalAdvance(both) + 8 < part.width()     ? both
                             : metrics.horizontalAdvance(figure) + 6 < part.width() ? figure
                                                                                    : QString();
        painter.setPen(readableOn(ground));
        painter.drawText(part, int(Qt::AlignCenter), text);
        left += width;
    }
    painter.restore();
    paintLimit(painter, bar);
}

void MemoryBar::paintLimit(QPainter& painter, const QRectF& bar) const {
    if (m_limit <= 0 || double(m_limit) > span() * 1.0001)
        return;
    const ThemeTokens& color = m_theme.tokens();
    const QFont font = m_theme.font(TextSize::Axis, QFont::DemiBold);
    const double x = std::clamp(bar.width() * double(m_limit) / span(), 1.0, bar.width() - 1);
    painter.setPen(QPen(color.text, 2));
    painter.drawLine(QPointF(x, 0), QPointF(x, bar.bottom() + 5));
    painter.setFont(font);
    const QString text = QCoreApplication::translate("MemoryBar", "limit %1").arg(bytesText(double(m_limit)));
    const double width = QFontMetrics(font).horizontalAdvance(text) + 4;
    const double left = std::clamp(x - width / 2, 0.0, bar.width() - width);
    painter.drawText(QRectF(left, bar.bottom() + 5, width, 18), int(Qt::AlignCenter), text);
}

bool MemoryBar::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        const double at = static_cast<QHelpEvent*>(event)->pos().x() / double(std::max(1, width())) * span();
        double end = 0;
        for (size_t kind = 0; kind < m_bytes.size(); ++kind) {
            end += double(m_bytes[kind]);
            if (at < end) {
                QToolTip::showText(static_cast<QHelpEvent*>(event)->globalPos(),
                                   kindName(MemoryKind(kind)) + ": " + bytesText(double(m_bytes[kind])), this);
                return true;
            }
        }
        QToolTip::hideText();
        return true;
    }
    return QWidget::event(event);
}

}  // namespace gsst
