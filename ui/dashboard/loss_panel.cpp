// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dashboard/loss_panel.h"

#include "ui/text/format.h"
#include "ui/theme/icons.h"

#include <QFileDialog>
#include <QPainter>
#include <QSaveFile>
#include <QToolButton>

namespace gsst {

LossPanel::LossPanel(const Theme& theme) : m_theme(theme) {
    setProperty("look", "card");
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(12, 6, 8, 4);
    column->setSpacing(2);
    m_plot = new LossPlot(theme);
    column->addLayout(makeControls());
    column->addWidget(m_plot, 1);
}

QLayout* LossPanel::makeControls() {
    auto* row = new QHBoxLayout;
    row->setSpacing(6);
    row->addWidget(makeLabel(tr("Loss"), "strong"));
    row->addWidget(new LegendEntry(m_theme, tr("raw"), LegendEntry::Line::Thin,
                                   [](const ThemeTokens& color) { return blended(color.plot[0], color.card, 0.5); }));
    row->addWidget(new LegendEntry(m_theme, tr("smoothed"), LegendEntry::Line::Thick,
                                   [](const ThemeTokens& color) { return color.plot[0]; }));
    m_validation = new LegendEntry(m_theme, tr("validation"), LegendEntry::Line::Marked,
                                   [](const ThemeTokens& color) { return color.plot[1]; });
    row->addWidget(m_validation);
    showValidation(false);
    row->addStretch();
    m_follow = makeButton(tr("Follow"), "small");
    m_follow->setToolTip(tr("Show everything again and follow new steps (F)"));
    m_follow->hide();
    connect(m_follow, &QPushButton::clicked, m_plot, &LossPlot::fit);
    connect(m_plot, &LossPlot::followingChanged, this, [this](bool following) { m_follow->setVisible(!following); });
    row->addWidget(m_follow);
    auto* x = new QComboBox;
    x->setProperty("look", "small");
    x->addItems({tr("x: steps"), tr("x: tokens"), tr("x: hours")});
    x->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    x->setMinimumWidth(QFontMetrics(m_theme.font(TextSize::Hint)).horizontalAdvance(tr("x: tokens")) + 50);
    x->setAccessibleName(tr("What the horizontal axis counts"));
    connect(x, &QComboBox::currentIndexChanged, this, [this](int index) { m_plot->setX(LossSeries::X(index)); });
    row->addWidget(x);
    const auto toggle = [&](const QString& text, const QString& name, Qt::Orientation axis) {
        auto* button = makeButton(text, "small");
        button->setCheckable(true);
        button->setAccessibleName(name);
        connect(button, &QPushButton::toggled, this, [this, axis](bool on) { m_plot->setLogarithmic(axis, on); });
        row->addWidget(button);
    };
    toggle(tr("log x"), tr("Logarithmic horizontal axis"), Qt::Horizontal);
    toggle(tr("log y"), tr("Logarithmic vertical axis"), Qt::Vertical);
    m_smooth = new ElidedLabel({}, "hint");
    m_smooth->setMinimumWidth(
        std::min(84, QFontMetrics(m_theme.font(TextSize::Hint)).horizontalAdvance(tr("smooth %1").arg("0.93")) + 4));
    row->addWidget(m_smooth);
    auto* smooth = new QSlider(Qt::Horizontal);
    smooth->setRange(0, 99);
    smooth->setFixedWidth(60);
    smooth->setAccessibleName(tr("Smoothing, drawn only"));
    m_smooth->setBuddy(smooth);
    connect(smooth, &QSlider::valueChanged, this, &LossPanel::smoothingMoved);
    smooth->setValue(93);
    row->addWidget(smooth);
    const auto tool = [&](const QString& icon, const QString& name, auto slot) {
        auto* button = new QToolButton;
        setThemedIcon(*button, m_theme, icon, &ThemeTokens::text2);
        button->setAccessibleName(name);
        button->setToolTip(name);
        connect(button, &QToolButton::clicked, this, slot);
        row->addWidget(button);
    };
    tool("fit", tr("Fit the plot (F)"), [this] { m_plot->fit(); });
    tool("save", tr("Export the plot"), [this] { exportFile(); });
    return row;
}

void LossPanel::smoothingMoved(int percent) {
    m_smooth->setFullText(tr("smooth %1").arg(numberText(percent / 100.0, 2)));
    m_plot->series().setSmoothing(percent / 100.0);
    m_plot->dataChanged();
}

void LossPanel::exportFile() {
    auto* dialog = new QFileDialog(this, tr("Export the plot"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setNameFilters({tr("Picture (*.png)"), tr("Raw values (*.csv)")});
    dialog->setDefaultSuffix("png");
    connect(dialog, &QFileDialog::filterSelected, dialog,
            [dialog](const QString& filter) { dialog->setDefaultSuffix(filter.contains("csv") ? "csv" : "png"); });
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& file) {
        if (!file.endsWith(".csv", Qt::CaseInsensitive)) {
            m_plot->savePng(file, 0, 0, 2.0);
            return;
        }
        QSaveFile out(file);
        if (!out.open(QIODevice::WriteOnly))
            return;
        out.write("step,loss\n");
        const LossSeries& series = m_plot->series();
        for (size_t i = 0; i < series.size(); ++i)
            out.write(QString("%1,%2\n").arg(series.step(i), 0, 'f', 0).arg(series.raw()[i], 0, 'g', 17).toLatin1());
        out.commit();
    });
    dialog->open();
}

LegendEntry::LegendEntry(const Theme& theme, const QString& text, Line line, ColorOf color)
    : m_theme(theme), m_text(text), m_line(line), m_color(std::move(color)) {
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    setAccessibleName(text);
    connect(&theme, &Theme::changed, this, [this] {
        updateGeometry();
        update();
    });
}

QSize LegendEntry::sizeHint() const {
    const QFontMetrics metrics(m_theme.font(TextSize::Hint));
    return {24 + metrics.horizontalAdvance(m_text) + 4, metrics.height() + 2};
}

void LegendEntry::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QColor color = m_color(m_theme.tokens());
    const double middle = height() / 2.0;
    painter.setPen(QPen(color, m_line == Line::Thin ? 1 : 2, m_line == Line::Dashed ? Qt::DashLine : Qt::SolidLine));
    painter.drawLine(QPointF(1, middle), QPointF(18, middle));
    if (m_line == Line::Marked) {
        painter.setBrush(m_theme.tokens().card);
        painter.drawEllipse(QPointF(9.5, middle), 3.4, 3.4);
    }
    painter.setFont(m_theme.font(TextSize::Hint));
    painter.setPen(m_theme.tokens().text2);
    painter.drawText(rect().adjusted(24, 0, 0, 0), int(Qt::AlignVCenter | Qt::AlignLeft), m_text);
}

}  // namespace gsst
