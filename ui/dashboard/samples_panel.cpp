// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dashboard/samples_panel.h"

#include "ui/text/format.h"

namespace gsst {
namespace {

constexpr size_t kKept = 200;

}  // namespace

SamplesPanel::SamplesPanel(const Theme& theme) : m_theme(theme) {
    setProperty("look", "card");
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(12, 6, 8, 6);
    column->setSpacing(4);
    auto* row = new QHBoxLayout;
    row->setSpacing(12);
    row->addWidget(makeLabel(tr("See it learn"), "strong"));
    m_prompt = new ElidedLabel({}, "hint");
    m_prompt->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    row->addWidget(m_prompt, 1);
    m_now = makeButton(tr("&Sample now"), "small");
    m_now->setEnabled(false);
    connect(m_now, &QPushButton::clicked, this, &SamplesPanel::sampleRequested);
    row->addWidget(m_now);
    column->addLayout(row);
    m_text = new QTextEdit;
    m_text->setReadOnly(true);
    m_text->setProperty("look", "plain");
    m_text->setAccessibleName(tr("Samples, newest first"));
    m_text->setTabChangesFocus(true);
    column->addWidget(m_text, 1);
    connect(&theme, &Theme::changed, this, [this] { show(); });
}

void SamplesPanel::clear() {
    m_samples.clear();
    m_prompt->setFullText({});
    m_text->clear();
}

void SamplesPanel::add(const Sampled& sample) {
    m_samples.insert(m_samples.begin(), sample);
    if (m_samples.size() > kKept)
        m_samples.pop_back();
    QString prompt = fromUtf8(sample.prompt).simplified();
    m_prompt->setFullText(prompt.isEmpty() ? QString() : tr("Prompt: “%1”").arg(prompt));
    show();
}

void SamplesPanel::setExpectation(const QString& text) {
    m_text->setPlaceholderText(text);
}

void SamplesPanel::show() {
    const QString quiet = m_theme.tokens().text2.name();
    QString html;
    for (const Sampled& sample : m_samples) {
        const QString step = tr("step %1").arg(numberText(double(sample.step), 0)).toHtmlEscaped();
        const QString prompt = fromUtf8(sample.prompt).simplified();
        const QString text = fromUtf8(sample.text).toHtmlEscaped().trimmed().replace("\n", "<br>");
        html +=
            QString("<table width='100%' cellspacing='0' cellpadding='1'><tr><td width='86' "
                    "style='color:%1'>%2</td><td><span style='color:%1'>%3</span> %4</td></tr></table>")
                .arg(quiet, step, prompt.isEmpty() ? QString() : "…" + prompt.section(' ', -1).toHtmlEscaped(), text);
    }
    m_text->setHtml(html);
}

}  // namespace gsst
