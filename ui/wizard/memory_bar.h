// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/training_service.h"
#include "ui/theme/theme.h"

#include <QWidget>

namespace gsst {

QString kindName(MemoryKind kind);
QColor kindColor(const ThemeTokens& tokens, MemoryKind kind);

/// One tier's memory as a stacked bar by kind, in fixed colours with figures, and its limit as a mark.
class MemoryBar : public QWidget {
public:
    MemoryBar(const Theme& theme, MemoryTier tier, QWidget* parent = nullptr);
    /// `limitBytes` 0 = none; `totalBytes` 0 = unknown. `plan` may not fit: then the bar is empty.
    void show(const PlanPreview& plan, int64_t limitBytes, int64_t totalBytes);
    QSize sizeHint() const override { return {360, 48}; }
    QSize minimumSizeHint() const override { return {160, 48}; }
    /// Sum of the segments, for tests.
    int64_t shownBytes() const;

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;

private:
    double span() const;
    void paintLimit(QPainter& painter, const QRectF& bar) const;

    const Theme& m_theme;
    MemoryTier m_tier;
    std::array<int64_t, 5> m_bytes{};
    int64_t m_limit = 0;
    int64_t m_total = 0;
};

}  // namespace gsst
