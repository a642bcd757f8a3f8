// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/wizard/limit_card.h"

#include "ui/text/format.h"

#include <cmath>

namespace gsst {
namespace {

constexpr int kTicks = 1000;
constexpr int64_t kUnknownTotal = int64_t(64) << 30;

}  // namespace

LimitCard::LimitCard(const Theme& theme, MemoryTier tier, const Words& words) {
    setProperty("look", "card");
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 10, 16, 10);
    column->setSpacing(6);
    auto* row = new QHBoxLayout;
    row->setSpacing(10);
    row->addWidget(new IconLabel(theme, words.icon, &ThemeTokens::text2, 16));
    auto* name = makeLabel(words.name, "section");
    row->addWidget(name);
    m_machine = new ElidedLabel({}, "hint");
    row->addWidget(m_machine);
    m_slider = new QSlider(Qt::Horizontal);
    m_slider->setRange(0, kTicks);
    m_slider->setPageStep(kTicks / 20);
    m_slider->setMinimumWidth(80);
    m_slider->setAccessibleName(tr("%1 limit").arg(words.name));
    row->addWidget(m_slider, 1);
    m_field = new QDoubleSpinBox;
    m_field->setDecimals(2);
    m_field->setSingleStep(0.25);
    m_field->setSuffix(tr(" GiB"));
    m_field->setSpecialValueText(tr("Automatic"));
    m_field->setMinimumWidth(116);
    m_field->setAccessibleName(tr("%1 limit in GiB").arg(words.name));
    m_field->setKeyboardTracking(false);
    name->setBuddy(m_field);
    row->addWidget(m_field);
    column->addLayout(row);
    m_bar = new MemoryBar(theme, tier);
    m_bar->setAccessibleName(tr("%1 by kind").arg(words.name));
    column->addWidget(m_bar);
    m_sentence = makeLabel({}, "hint", true);
    column->addWidget(m_sentence);
    // The lower end matters most: the slider's scale is quadratic.
    connect(m_slider, &QSlider::valueChanged, this, [this](int tick) {
        const double share = double(tick) / kTicks;
        change(int64_t(std::round(share * share * double(most()) / kMiB)) * int64_t(kMiB));
    });
    connect(m_field, &QDoubleSpinBox::valueChanged, this,
            [this](double gib) { change(int64_t(std::round(gib * 1024)) * int64_t(kMiB)); });
    setMachine(0, {});
}

int64_t LimitCard::most() const {
    return m_total > 0 ? m_total : kUnknownTotal;
}

void LimitCard::setMachine(int64_t totalBytes, const QString& text) {
    m_total = totalBytes;
    m_machine->setFullText(text);
    m_updating = true;
    m_field->setRange(0, std::max(0.01, double(std::max(most(), m_limit)) / kGiB));
    m_updating = false;
}

void LimitCard::setLimit(int64_t bytes) {
    m_limit = bytes;
    m_updating = true;
    m_field->setMaximum(std::max(m_field->maximum(), double(bytes) / kGiB));
    m_field->setValue(double(bytes) / kGiB);
    m_slider->setValue(int(std::lround(kTicks * std::sqrt(std::min(1.0, double(bytes) / double(most()))))));
    m_updating = false;
    m_bar->show(m_plan, m_limit, m_total);
}

void LimitCard::change(int64_t bytes) {
    if (m_updating)
        return;
    setLimit(bytes);
    emit limitChanged(bytes);
}

void LimitCard::show(const PlanPreview& plan, const QString& sentence) {
    m_plan = plan;
    m_sentence->setText(sentence);
    m_bar->show(m_plan, m_limit, m_total);
}

}  // namespace gsst
