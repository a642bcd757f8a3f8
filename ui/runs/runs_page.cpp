// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/runs/runs_page.h"

#include "spec/text_formats.h"
#include "ui/runs/run_row_delegate.h"
#include "ui/text/format.h"
#include "ui/theme/icons.h"

#include <QHeaderView>

namespace gsst {

RunsPage::RunsPage(TrainingService& service, const Theme& theme, const MachineFacts& machine, QWidget* parent)
    : QWidget(parent), m_service(service), m_theme(theme) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(24, 20, 24, 16);
    column->setSpacing(14);
    column->addWidget(makeHeader());
    column->addWidget(makeDoors());
    m_problem = makeLabel({}, "error", true);
    m_problem->hide();
    column->addWidget(m_problem);
    m_machineCard = makeMachine(machine);
    column->addWidget(m_machineCard);
    m_tableCard = makeTable();
    column->addWidget(m_tableCard, 1);
    column->addStretch(0);
    show(std::vector<RunInfo>());
}

QWidget* RunsPage::makeHeader() {
    auto* header = new QWidget;
    auto* row = new QHBoxLayout(header);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    auto* words = new QVBoxLayout;
    words->setSpacing(2);
    m_title = makeLabel({}, "title", true);
    m_sum = makeLabel({}, "quiet", true);
    words->addWidget(m_title);
    words->addWidget(m_sum);
    row->addLayout(words, 1);
    m_filter = new QLineEdit;
    m_filter->setPlaceholderText(tr("Filter by name"));
    m_filter->setAccessibleName(tr("Filter by name"));
    m_filter->setFixedWidth(190);
    m_filter->setClearButtonEnabled(true);
    row->addWidget(m_filter);
    auto* open = makeButton(tr("Open run &folder…"));
    setThemedIcon(*open, m_theme, "folder", &ThemeTokens::text);
    connect(open, &QPushButton::clicked, this, &RunsPage::openFolderRequested);
    row->addWidget(open);
    return header;
}

QWidget* RunsPage::makeDoors() {
    auto* doors = new QWidget;
    auto* row = new QHBoxLayout(doors);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(12);
    m_newRun =
        new Door(m_theme, Door::Look::Primary, {"plus", tr("New run"), tr("Five short pages with good defaults")});
    auto* sample = new Door(m_theme, Door::Look::Plain,
                            {"play", tr("Try the sample"), tr("First loss curve in under a minute, no download")});
    auto* drop = new Door(m_theme, Door::Look::Drop,
                          {"upload", tr("Drop text here"),
                           tr("Files (%1) or folders").arg(fromUtf8(textExtensions(tr("or").toStdString())))});
    connect(m_newRun, &Door::clicked, this, &RunsPage::newRunRequested);
    connect(sample, &Door::clicked, this, &RunsPage::sampleRequested);
    connect(drop, &Door::clicked, this, &RunsPage::newRunRequested);
    connect(drop, &Door::dropped, this, &RunsPage::textDropped);
    for (Door* door : {m_newRun, sample, drop}) {
        door->setMinimumHeight(96);
        row->addWidget(door, 1);
    }
    return doors;
}

QWidget* RunsPage::makeTable() {
    QVBoxLayout* inside = nullptr;
    auto* card = makeCard(inside, 6);
    m_model = new RunListModel(this);
    m_proxy = new QSortFilterProxyModel(this);
    m_proxy->setSourceModel(m_model);
    m_proxy->setSortRole(RunListModel::SortRole);
    m_proxy->setFilterKeyColumn(RunListModel::Name);
    m_proxy->setFilterCaseSensitivity(Qt::CaseInsensitive);
    connect(m_filter, &QLineEdit::textChanged, m_proxy, &QSortFilterProxyModel::setFilterFixedString);
    m_table = new QTableView;
    m_table->setModel(m_proxy);
    m_table->setAccessibleName(tr("Runs"));
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setShowGrid(false);
    m_table->setWordWrap(false);
    m_table->setTabKeyNavigation(false);
    m_table->setSortingEnabled(true);
    m_table->sortByColumn(RunListModel::Changed, Qt::DescendingOrder);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setDefaultSectionSize(RunRowDelegate::kRowHeight);
    m_table->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto* delegate = new RunRowDelegate(m_theme, *m_model, *m_proxy, this);
    m_table->setItemDelegate(delegate);
    connect(delegate, &RunRowDelegate::actionClicked, this, &RunsPage::act);
    connect(m_table, &QTableView::activated, this,
            [this](const QModelIndex& index) { emit openRequested(m_model->run(m_proxy->mapToSource(index).row())); });
    connect(&m_theme, &Theme::changed, this, [this] {
        sizeColumns();
        m_table->viewport()->update();
    });
    sizeColumns();
    inside->addWidget(m_table);
    return card;
}

void RunsPage::sizeColumns() {
    const QFontMetrics hint(m_theme.font(TextSize::Hint, QFont::DemiBold));
    QHeaderView* header = m_table->horizontalHeader();
    header->setHighlightSections(false);
    header->setSectionResizeMode(QHeaderView::Interactive);
    header->setSectionResizeMode(RunListModel::Name, QHeaderView::Stretch);
    const int pill = std::max(pillSize(m_theme, pillOf(RunState::NeedsAttention)).width(),
                              pillSize(m_theme, {"", tr("In use elsewhere")}).width());
    m_table->setColumnWidth(RunListModel::State, pill + 18);
    m_table->setColumnWidth(RunListModel::Progress,
                            std::max(160, hint.horizontalAdvance(tr("step %1 of %2").arg("20,000", "20,000")) + 60));
    m_table->setColumnWidth(RunListModel::Loss, 150);
    m_table->setColumnWidth(RunListModel::Disk, std::max(86, hint.horizontalAdvance("1,000.0 GiB") + 26));
    m_table->setColumnWidth(RunListModel::Changed, std::max(82, hint.horizontalAdvance("22 Nov 2025") + 18));
    m_table->setColumnWidth(RunListModel::Action, std::max(104, hint.horizontalAdvance(tr("Resume")) + 60));
}

QWidget* RunsPage::makeMachine(const MachineFacts& machine) {
    QVBoxLayout* inside = nullptr;
    auto* card = makeCard(inside);
    auto* row = new QHBoxLayout;
    row->setSpacing(16);
    row->addWidget(new IconLabel(m_theme, "check", &ThemeTokens::ok, 20));
    auto* words = new QVBoxLayout;
    words->setSpacing(2);
    words->addWidget(makeLabel(tr("This computer can train"), "strong"));
    QStringList facts;
    if (machine.processors > 0)
        facts << (machine.processors == 1 ? tr("1 processor thread")
                                          : tr("%n processor threads", nullptr, machine.processors));
    if (machine.ramBytes > 0)
        facts
            << tr("%1 RAM, %2 free").arg(bytesText(double(machine.ramBytes)), bytesText(double(machine.freeRamBytes)));
    facts << tr("what does not fit in memory streams from the disk, slice by slice");
    words->addWidget(makeLabel(facts.join(tr(" · ")), "quiet", true));
    row->addLayout(words, 1);
    inside->addLayout(row);
    return card;
}

void RunsPage::refresh(const std::filesystem::path& runsFolder) {
    m_job.start([&service = m_service, runsFolder](std::stop_token) { return service.listRuns(runsFolder); },
                [this](Result<std::vector<RunInfo>> runs) { show(runs); });
}

void RunsPage::show(const Result<std::vector<RunInfo>>& runs) {
    m_problem->setVisible(!runs.ok());
    if (!runs.ok()) {
        m_problem->setText(fromUtf8(runs.error().text()));
        return;
    }
    const bool empty = runs->empty();
    double bytes = 0;
    for (const RunInfo& run : *runs)
        bytes += double(run.bytesOnDisk);
    const QModelIndex current = m_table->currentIndex();
    m_model->setRuns(*runs);
    if (current.isValid() && current.row() < m_proxy->rowCount())
        m_table->selectRow(current.row());
    m_title->setText(empty ? tr("Train your own language model, on this PC") : tr("Runs"));
    m_sum->setText(
        empty ? tr("Everything stays on this computer. No account, no network needed. Pause whenever you like.")
              : (runs->size() == 1 ? tr("1 run, %1 on disk") : tr("%n runs, %1 on disk", nullptr, int(runs->size())))
                    .arg(bytesText(bytes)));
    m_filter->setVisible(!empty);
    m_tableCard->setVisible(!empty);
    m_machineCard->setVisible(empty);
    layout()->setSpacing(empty ? 20 : 14);
    layout()->setContentsMargins(empty ? 48 : 24, empty ? 56 : 20, empty ? 48 : 24, 16);
    for (Door* door : findChildren<Door*>())
        door->setMinimumHeight(empty ? 150 : 96);
    static_cast<QVBoxLayout*>(layout())->setStretch(layout()->count() - 1, empty ? 1 : 0);
}

void RunsPage::setLive(const LiveRun& live) {
    m_model->setLive(live);
}

void RunsPage::act(int row) {
    switch (m_model->deed(row)) {
    case RunListModel::Deed::Open:
        emit openRequested(m_model->run(row));
        break;
    case RunListModel::Deed::Resume:
        emit resumeRequested(m_model->run(row));
        break;
    case RunListModel::Deed::Pause:
        emit pauseRequested();
        break;
    case RunListModel::Deed::None:
        break;
    }
}

}  // namespace gsst
