// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dashboard/run_header.h"

#include "ui/text/format.h"
#include "ui/theme/icons.h"

#include <QMenu>

namespace gsst {

RunHeader::RunHeader(RunController& controller, const Theme& theme, QWidget* parent)
    : QWidget(parent), m_controller(controller), m_theme(theme) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(24);
    auto* names = new QVBoxLayout;
    names->setSpacing(2);
    auto* first = new QHBoxLayout;
    first->setSpacing(10);
    m_name = new ElidedLabel({}, "title");
    m_pill = new Pill(theme);
    first->addWidget(m_name);
    first->addWidget(m_pill);
    first->addStretch(1);
    names->addLayout(first);
    m_origin = new ElidedLabel({}, "quiet");
    names->addWidget(m_origin);
    row->addLayout(names, 4);
    auto* progress = new QVBoxLayout;
    progress->setSpacing(6);
    auto* words = new QHBoxLayout;
    m_step = makeLabel({}, "section");
    m_left = new ElidedLabel({}, "quiet");
    m_left->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    words->addWidget(m_step);
    words->addWidget(m_left, 1);
    progress->addStretch();
    progress->addLayout(words);
    m_bar = new QProgressBar;
    m_bar->setTextVisible(false);
    m_bar->setAccessibleName(tr("Progress of the run"));
    progress->addWidget(m_bar);
    progress->addStretch();
    row->addLayout(progress, 6);
    m_button = new QToolButton;
    m_button->setProperty("look", "pause");
    m_button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_button->setPopupMode(QToolButton::MenuButtonPopup);
    m_button->setIconSize({26, 18});
    m_button->setFocusPolicy(Qt::StrongFocus);
    auto* menu = new QMenu(m_button);
    m_afterStep = menu->addAction(tr("Pause &after this step"), &m_controller, &RunController::pauseAfterStep);
    m_stop = menu->addAction(tr("&Stop and finish"), &m_controller, &RunController::stopAndFinish);
    m_button->setMenu(menu);
    connect(m_button, &QToolButton::clicked, this, &RunHeader::press);
    row->addWidget(m_button);
    connect(&controller, &RunController::changed, this, &RunHeader::refresh);
    connect(&theme, &Theme::changed, this, &RunHeader::refreshButton);
    refresh();
}

void RunHeader::setPreparing(const QString& what, double share) {
    m_preparing = what;
    m_preparingShare = share;
    refreshProgress();
}

void RunHeader::setSecondsLeft(double seconds) {
    m_secondsLeft = seconds;
    refreshProgress();
}

void RunHeader::refresh() {
    const OpenRunFacts& facts = m_controller.facts();
    m_name->setFullText(facts.name);
    m_origin->setFullText(facts.origin);
    m_pill->setLook(pillOf(m_controller.state()));
    refreshProgress();
    refreshButton();
}

void RunHeader::refreshProgress() {
    const RunState state = m_controller.state();
    const int64_t step = m_controller.step(), steps = m_controller.steps();
    const bool preparing = state == RunState::Preparing;
    if (preparing) {
        m_step->setText(m_preparing.isEmpty() ? tr("Preparing…") : m_preparing);
        m_left->setFullText(m_preparingShare >= 0 ? percentText(m_preparingShare) : QString());
        m_bar->setRange(0, m_preparingShare >= 0 ? 1000 : 0);
        m_bar->setValue(int(1000 * m_preparingShare));
    } else {
        const double share = steps > 0 ? double(step) / double(steps) : 0;
        m_step->setText(steps > 0 ? tr("Step %1 of %2").arg(numberText(double(step), 0), numberText(double(steps), 0))
                                  : tr("Step %1").arg(numberText(double(step), 0)));
        m_bar->setRange(0, 1000);
        m_bar->setValue(int(1000 * share));
        QString left = percentText(share);
        if (m_secondsLeft > 0 && state == RunState::Training)
            left += tr(" · %1 left · %2").arg(durationText(m_secondsLeft), finishText(m_secondsLeft));
        else if (m_secondsLeft > 0 && state == RunState::Paused)
            left += tr(" · %1 of training left").arg(durationText(m_secondsLeft));
        m_left->setFullText(left);
    }
    const bool moving = state == RunState::Training || preparing || state == RunState::Finishing;
    gsst::setLook(*m_bar, "tone",
                  moving                              ? ""
                  : state == RunState::Finished       ? "done"
                  : state == RunState::NeedsAttention ? "trouble"
                                                      : "calm");
}

void RunHeader::refreshButton() {
    const RunState state = m_controller.state();
    const bool pausing = m_controller.waitingForPause() || state == RunState::Pausing || m_controller.closing();
    const bool resumes = !pausing && (state == RunState::Paused || state == RunState::NeedsAttention);
    const bool finished = state == RunState::Finished && !pausing;
    const bool pauses = !pausing && m_controller.active() && (state == RunState::Training);
    m_button->setText(pausing ? tr("Pausing…") : finished ? tr("Finished") : resumes ? tr("Resume") : tr("Pause"));
    m_button->setAccessibleName(m_button->text());
    m_button->setToolTip(resumes ? tr("Go on from the last commit (Ctrl+P)")
                                 : tr("Stop between slices and free the memory (Ctrl+P)"));
    const bool enabled = !pausing && (resumes || pauses);
    // The focus waits here while the button can do nothing, else it would jump to some other control.
    if (!enabled && m_button->hasFocus())
        setFocus();
    m_button->setEnabled(enabled);
    if (enabled && hasFocus())
        m_button->setFocus();
    m_afterStep->setEnabled(pauses);
    m_stop->setEnabled(pauses || (resumes && m_controller.active()));
    setThemedIcon(*m_button, m_theme,
                  finished  ? "check"
                  : resumes ? "play"
                            : "pause",
                  m_button->isEnabled() ? &ThemeTokens::onAccent : &ThemeTokens::text3);
}

void RunHeader::press() {
    if (m_controller.state() == RunState::Training)
        m_controller.pauseNow();
    else
        m_controller.resume();
}

}  // namespace gsst
