// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/wizard/text_page.h"

#include "spec/text_formats.h"
#include "ui/text/format.h"

#include <QButtonGroup>
#include <QFileDialog>
#include <QHeaderView>

#include <algorithm>

namespace gsst {

TextPage::TextPage(WizardContext& context)
    : DraftPage(context, tr("What should it learn?"),
                tr("Drop your text, or use the sample. Files stay where they are.")) {
    body().addWidget(makeGoals());
    auto* columns = new QHBoxLayout;
    columns->setSpacing(12);
    columns->addWidget(makeFiles(), 6);
    columns->addWidget(makePreview(), 5);
    body().addLayout(columns, 1);
}

QWidget* TextPage::makeGoals() {
    auto* goals = new QWidget;
    auto* row = new QHBoxLayout(goals);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(12);
    m_ownText = new ChoiceCard(theme(), tr("Train a new model on my text"),
                               tr("Learns only from your text. Small sizes show results in minutes."));
    m_sample = new ChoiceCard(theme(), tr("Train on the sample stories"),
                              tr("Simple stories made on this computer. Nothing to download."));
    auto* group = new QButtonGroup(this);
    group->addButton(m_ownText);
    group->addButton(m_sample);
    m_ownText->setChecked(true);
    row->addWidget(m_ownText);
    row->addWidget(m_sample);
    connect(m_sample, &QRadioButton::toggled, this, &TextPage::setSample);
    return goals;
}

QWidget* TextPage::makeFiles() {
    m_files = new QWidget;
    auto* column = new QVBoxLayout(m_files);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    auto* door = new Door(theme(), Door::Look::Drop,
                          {"upload", tr("Drop files or folders here"),
                           tr("%1; or press to choose files").arg(fromUtf8(textExtensions(tr("or").toStdString())))});
    connect(door, &Door::clicked, this, &TextPage::chooseFiles);
    connect(door, &Door::dropped, this, &TextPage::addText);
    column->addWidget(door);

    auto* buttons = new QHBoxLayout;
    auto* addFiles = makeButton(tr("Add &files…"));
    auto* addFolder = makeButton(tr("Add f&older…"));
    m_remove = makeButton(tr("&Remove"));
    m_remove->setEnabled(false);
    connect(addFiles, &QPushButton::clicked, this, &TextPage::chooseFiles);
    connect(addFolder, &QPushButton::clicked, this, &TextPage::chooseFolder);
    connect(m_remove, &QPushButton::clicked, this, &TextPage::removeSelected);
    for (QPushButton* button : {addFiles, addFolder, m_remove})
        buttons->addWidget(button);
    buttons->addStretch();
    column->addLayout(buttons);

    QVBoxLayout* inside = nullptr;
    auto* card = makeCard(inside, 6);
    m_model = new TextFileModel(this);
    m_table = new QTableView;
    m_table->setModel(m_model);
    m_table->setAccessibleName(tr("Files"));
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setShowGrid(false);
    m_table->setWordWrap(false);
    m_table->setTabKeyNavigation(false);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setDefaultSectionSize(36);
    m_table->horizontalHeader()->setHighlightSections(false);
    m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_table->horizontalHeader()->setSectionResizeMode(TextFileModel::File, QHeaderView::Stretch);
    // The header's own font is not part of what the view measures.
    const QFontMetrics metrics(theme().font(TextSize::Hint, QFont::DemiBold));
    m_table->horizontalHeader()->setMinimumSectionSize(
        metrics.horizontalAdvance(
            m_model->headerData(TextFileModel::State, Qt::Horizontal, Qt::DisplayRole).toString()) +
        26);
    m_table->setItemDelegateForColumn(
        TextFileModel::State,
        new PillDelegate(
            theme(),
            [this](const QModelIndex& index) {
                const bool usable = m_model->file(index.row()).problem.empty();
                return usable ? PillLook{"check", tr("Read"), &ThemeTokens::ok, &ThemeTokens::okTint}
                              : PillLook{"warning", tr("Left out"), &ThemeTokens::warning, &ThemeTokens::warningTint};
            },
            this));
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            [this] { m_remove->setEnabled(m_table->selectionModel()->hasSelection()); });
    inside->addWidget(m_table, 1);
    m_none = makeLabel(tr("No files yet"), "quiet");
    m_none->setAlignment(Qt::AlignCenter);
    inside->addWidget(m_none, 1);
    column->addWidget(card, 1);

    m_progress = new QProgressBar;
    m_progress->setTextVisible(false);
    m_progress->setAccessibleName(tr("Reading the text"));
    m_progressText = new ElidedLabel({}, "hint");
    m_note = makeLabel({}, "warning", true);
    for (QWidget* widget :
         {static_cast<QWidget*>(m_progress), static_cast<QWidget*>(m_progressText), static_cast<QWidget*>(m_note)}) {
        widget->hide();
        column->addWidget(widget);
    }
    return m_files;
}

QWidget* TextPage::makePreview() {
    QVBoxLayout* inside = nullptr;
    auto* card = makeCard(inside);
    inside->addWidget(makeLabel(tr("What the model will see"), "section"));
    m_preview = new QPlainTextEdit;
    m_preview->setReadOnly(true);
    m_preview->setAccessibleName(tr("Start of the text"));
    m_preview->setPlaceholderText(tr("The start of your text appears here."));
    inside->addWidget(m_preview, 1);
    auto* figures = new QHBoxLayout;
    const auto figure = [&](QLabel*& value, const QString& name) {
        auto* column = new QVBoxLayout;
        column->setSpacing(0);
        value = makeLabel(tr("–"), "section");
        column->addWidget(value);
        column->addWidget(makeLabel(name, "hint"));
        figures->addLayout(column, 1);
    };
    figure(m_tokens, tr("tokens, about"));
    figure(m_bytes, tr("usable text"));
    figure(m_usable, tr("files"));
    inside->addLayout(figures);
    inside->addWidget(makeRule());
    m_kept = makeLabel({}, "hint", true);
    inside->addWidget(m_kept);
    return card;
}

void TextPage::enter() {
    const bool sample = draft().sampleText;
    (sample ? m_sample : m_ownText)->setChecked(true);
    if (!sample && !draft().text.empty() && !draft().summary && !m_job.busy())
        inspect();
    showFigures();
}

void TextPage::addText(const std::vector<std::filesystem::path>& paths) {
    for (const auto& path : paths)
        if (std::find(draft().text.begin(), draft().text.end(), path) == draft().text.end())
            draft().text.push_back(path);
    m_ownText->setChecked(true);
    inspect();
}

void TextPage::chooseFiles() {
    auto* dialog = new QFileDialog(this, tr("Choose text files"), QDir::homePath());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFiles);
    connect(dialog, &QFileDialog::filesSelected, this, [this](const QStringList& files) {
        std::vector<std::filesystem::path> paths;
        for (const QString& file : files)
            paths.push_back(toPath(file));
        addText(paths);
    });
    dialog->open();
}

void TextPage::chooseFolder() {
    auto* dialog = new QFileDialog(this, tr("Choose a folder of text"), QDir::homePath());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& folder) { addText({toPath(folder)}); });
    dialog->open();
}

void TextPage::removeSelected() {
    // A file that came with a folder cannot leave alone: its folder goes.
    for (const QModelIndex& row : m_table->selectionModel()->selectedRows()) {
        const std::filesystem::path gone = m_model->file(row.row()).path;
        std::erase_if(draft().text, [&gone](const std::filesystem::path& each) {
            const auto [end, ignored] = std::mismatch(each.begin(), each.end(), gone.begin(), gone.end());
            return end == each.end();
        });
    }
    inspect();
}

void TextPage::inspect() {
    draft().summary.reset();
    if (draft().text.empty()) {
        m_job.cancel();
        m_model->setFiles({});
        m_preview->clear();
        m_progress->hide();
        m_progressText->hide();
        m_note->hide();
        showFigures();
        return;
    }
    m_progress->setRange(0, 0);
    m_progress->show();
    m_progressText->setFullText(tr("Looking at the files…"));
    m_progressText->show();
    const auto report = m_job.reporter();
    m_job.start(
        [&service = service(), text = draft().text, report, this](std::stop_token stop) {
            return service.summarizeText(
                text,
                [&report, this](const Progress& progress) {
                    report([this, progress] {
                        m_progress->setRange(0, progress.total > 0 ? 1000 : 0);
                        m_progress->setValue(
                            progress.total > 0 ? int(1000.0 * double(progress.done) / double(progress.total)) : 0);
                        m_progressText->setFullText(fromUtf8(progress.what));
                    });
                },
                stop);
        },
        [this](Result<TextSummary> summary) { show(summary); });
    showFigures();
}

void TextPage::show(const Result<TextSummary>& summary) {
    m_progress->hide();
    m_progressText->hide();
    if (!summary.ok()) {
        m_note->setText(fromUtf8(summary.error().text()));
        m_note->show();
        showFigures();
        return;
    }
    draft().summary = *summary;
    m_model->setFiles(summary->files);
    m_preview->setPlainText(fromUtf8(summary->preview));
    QStringList notes;
    const auto leftOut = std::count_if(summary->files.begin(), summary->files.end(),
                                       [](const TextFileInfo& each) { return !each.problem.empty(); });
    const auto first = std::find_if(summary->files.begin(), summary->files.end(),
                                    [](const TextFileInfo& each) { return !each.problem.empty(); });
    if (leftOut == 1)
        notes << tr("Left out: %1 %2").arg(fromPath(first->path.filename()), fromUtf8(first->problem));
    else if (leftOut > 1)
        notes << tr("%1 files are left out. The first: %2 %3")
                     .arg(leftOut)
                     .arg(fromPath(first->path.filename()), fromUtf8(first->problem));
    if (summary->invalidUtf8Bytes > 0)
        notes << tr("%1 are not valid UTF-8 and are replaced.").arg(bytesText(double(summary->invalidUtf8Bytes)));
    if (summary->usableBytes == 0)
        notes << tr("None of these files can be used as text. Add a %1 file.")
                     .arg(fromUtf8(textExtensions(tr("or").toStdString())));
    m_note->setText(notes.join("\n"));
    m_note->setVisible(!notes.isEmpty());
    showFigures();
}

void TextPage::showFigures() {
    m_files->setEnabled(!draft().sampleText);
    m_table->setVisible(m_model->rowCount() > 0);
    m_none->setVisible(m_model->rowCount() == 0);
    const bool known = draft().summary && !draft().sampleText;
    RunSpec pieces;
    m_tokens->setText(known ? countText(draft().estimatedTokens(pieces)) : tr("–"));
    m_bytes->setText(known ? bytesText(double(draft().summary->usableBytes)) : tr("–"));
    const auto usable = !known ? 0
                               : std::count_if(draft().summary->files.begin(), draft().summary->files.end(),
                                               [](const TextFileInfo& each) { return each.problem.empty(); });
    m_usable->setText(known ? numberText(double(usable), 0) : tr("–"));
    m_kept->setText(draft().sampleText
                        ? tr("The stories are written when the run starts; a part is kept aside for validation.")
                        : tr("The last part of the text is kept aside for validation."));
    m_preview->setPlaceholderText(draft().sampleText ? tr("Once upon a time there was …")
                                                     : tr("The start of your text appears here."));
    if (draft().sampleText)
        m_preview->clear();
    else if (draft().summary)
        m_preview->setPlainText(fromUtf8(draft().summary->preview));
    emit completeChanged();
}

void TextPage::setSample(bool sample) {
    draft().sampleText = sample;
    if (!sample && !draft().text.empty() && !draft().summary && !m_job.busy())
        inspect();
    showFigures();
}

}  // namespace gsst
