// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/status_strip.h"

#include "ui/text/format.h"
#include "ui/widgets/pill.h"

namespace gsst {

StatusStrip::StatusStrip(RunController& controller, const Theme& theme) : m_controller(controller), m_theme(theme) {
    setProperty("look", "strip");
    setMinimumHeight(34);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(14, 2, 10, 2);
    row->setSpacing(10);
    m_icon = new IconLabel(theme, "play", &ThemeTokens::info, 13);
    row->addWidget(m_icon);
    m_state = new ElidedLabel({}, "strong");
    m_step = new ElidedLabel({}, "hint");
    row->addWidget(m_state);
    row->addWidget(m_step);
    m_pause = makeButton({}, "small");
    connect(m_pause, &QPushButton::clicked, this, &StatusStrip::press);
    row->addWidget(m_pause);
    row->addStretch(1);
    const auto figure = [&](const QString& icon, const QString& name) {
        row->addWidget(new IconLabel(theme, icon, &ThemeTokens::text2, 14));
        auto* label = new ElidedLabel({}, "hint");
        label->setAccessibleDescription(name);
        row->addWidget(label);
        return label;
    };
    m_device = figure("chip", tr("Device memory"));
    m_ram = figure("memory", tr("RAM"));
    m_disk = figure("disk", tr("Free disk space"));
    EventBridge& bridge = controller.bridge();
    connect(&controller, &RunController::changed, this, &StatusStrip::refresh);
    connect(&controller, &RunController::opened, this, [this] {
        m_plan = {};
        m_secondsLeft = -1;
        m_deviceBytes = m_ramBytes = -1;
    });
    connect(&bridge, &EventBridge::planned, this, [this](const Planned& plan) { m_plan = plan; });
    connect(&bridge, &EventBridge::stepDone, this, [this](const StepDone& step) {
        m_secondsLeft = step.secondsLeft;
        m_deviceBytes = step.devicePeakBytes;
        m_ramBytes = step.ramBytes;
    });
    connect(&bridge, &EventBridge::stateChanged, this, [this](const StateChanged& event) {
        // All of it was given back before the worker said so.
        if (event.state == RunState::Paused || event.state == RunState::Finished ||
            event.state == RunState::NeedsAttention)
            m_deviceBytes = m_ramBytes = 0;
    });
    setFreeDisk(-1);
    refresh();
}

void StatusStrip::showMemory() {
    const QString device = m_deviceBytes < 0 ? tr("–") : bytesText(double(m_deviceBytes)),
                  ram = m_ramBytes < 0 ? tr("–") : bytesText(double(m_ramBytes));
    m_device->setFullText(m_deviceBytes > 0 && m_plan.deviceLimitBytes > 0
                              ? tr("Device %1 of %2").arg(device, bytesText(double(m_plan.deviceLimitBytes)))
                              : tr("Device %1").arg(device));
    m_ram->setFullText(m_ramBytes > 0 && m_plan.ramLimitBytes > 0
                           ? tr("RAM %1 of %2").arg(ram, bytesText(double(m_plan.ramLimitBytes)))
                           : tr("RAM %1").arg(ram));
}

void StatusStrip::setFreeDisk(double bytes) {
    m_disk->setFullText(bytes < 0 ? tr("Disk –") : tr("%1 free").arg(bytesText(bytes)));
}

void StatusStrip::refresh() {
    showMemory();
    const bool run = m_controller.hasRun();
    m_icon->setVisible(run);
    m_step->setVisible(run);
    m_pause->setVisible(run && m_controller.active());
    gsst::setLook(*m_state, "type", run ? "strong" : "hint");
    if (!run) {
        m_state->setFullText(tr("Nothing is running"));
        return;
    }
    const RunState state = m_controller.state();
    const bool waiting = m_controller.waitingForPause() || m_controller.closing() || state == RunState::Pausing;
    const PillLook look = pillOf(state);
    m_icon->show(look.icon, look.color);
    m_state->setFullText(tr("%1: %2").arg(look.text, m_controller.facts().name));
    QString step = m_controller.steps() > 0 ? tr("step %1 of %2")
                                                  .arg(numberText(double(m_controller.step()), 0),
                                                       numberText(double(m_controller.steps()), 0))
                                            : QString();
    if (state == RunState::Training && m_secondsLeft > 0)
        step += tr(" · %1 left").arg(durationText(m_secondsLeft));
    m_step->setFullText(step);
    m_pause->setText(waiting ? tr("Pausing…") : state == RunState::Paused ? tr("Resume") : tr("Pause"));
    setThemedIcon(*m_pause, m_theme, !waiting && state == RunState::Paused ? "play" : "pause", &ThemeTokens::text);
    m_pause->setEnabled(!waiting && (state == RunState::Training || state == RunState::Paused));
}

void StatusStrip::press() {
    if (m_controller.state() == RunState::Training)
        m_controller.pauseNow();
    else
        m_controller.resume();
}

}  // namespace gsst
