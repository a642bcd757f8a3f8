// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/dashboard/repaint_gate.h"
#include "ui/dashboard/slice_lane_model.h"
#include "ui/theme/theme.h"

#include <QElapsedTimer>
#include <QTimer>
#include <QWidget>

namespace gsst {

/// The slice lane: cells by state (colour and hatch), and rails of the last six seconds. Repaints at most 10 times a
/// second.
class SliceLane : public QWidget {
    Q_OBJECT
public:
    explicit SliceLane(const Theme& theme, QWidget* parent = nullptr);
    /// `infos` names each slice; where it is empty, slices have numbers only.
    void reset(int slices, std::vector<SliceInfo> infos = {});
    void add(const SliceActivity& activity);
    /// While a run trains the rails move by themselves.
    void setRunning(bool running);
    const SliceLaneModel& model() const { return m_model; }
    /// "backward sweep · slice 13 of 22, micro-batch 3 of 16"; empty when nothing computes.
    QString sentence() const;
    /// What the cell at `x` says, as its tooltip does: all slices that it stands for, and its state.
    QString cellTip(double x) const;
    /// The words in a cell, as long as there is room for; the shortest may still be too long.
    QString cellText(const SliceLaneModel::Cell& cell, double room) const;
    int64_t repaints() const { return m_gate->count(); }
    QSize sizeHint() const override { return {600, minimumSizeHint().height()}; }
    QSize minimumSizeHint() const override;

signals:
    void painted();

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;

private:
    double now() const { return double(m_clock.elapsed()) / 1000.0; }
    int labelWidth() const;
    void paintCells(QPainter& painter, const QRectF& room) const;
    void paintRails(QPainter& painter, const QRectF& room) const;
    void paintTimes(QPainter& painter, const QRectF& room) const;
    QString sliceWords(int slice) const;
    QRectF cellsRect() const;
    /// Left edge of cell `index` of `count`; the ends, which carry words, are wider.
    double cellLeft(size_t index, size_t count) const;
    QRectF railsRect() const;

    const Theme& m_theme;
    SliceLaneModel m_model;
    std::vector<SliceInfo> m_infos;
    RepaintGate* m_gate = nullptr;
    QElapsedTimer m_clock;
    QTimer m_motion;
};

/// Paints the ground of a state: its colour and hatch. For cells, rails and the legend.
void paintSliceState(QPainter& painter, const QRectF& rect, const ThemeTokens& tokens, SliceState state, double radius);
QString sliceStateName(SliceState state);

/// The lane's legend: a swatch and a word a state.
class SliceLegend : public QWidget {
public:
    explicit SliceLegend(const Theme& theme, QWidget* parent = nullptr);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return {0, sizeHint().height()}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    const Theme& m_theme;
};

}  // namespace gsst
