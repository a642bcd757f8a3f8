// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/main_window.h"

#include "ui/computer/computer_page.h"
#include "ui/dashboard/dashboard_page.h"
#include "ui/runs/runs_page.h"
#include "ui/runs/sample_run.h"
#include "ui/sidebar.h"
#include "ui/status_strip.h"
#include "ui/text/format.h"
#include "ui/theme/icons.h"
#include "ui/wizard/new_run_wizard.h"

#include <QCloseEvent>
#include <QFileDialog>
#include <QMessageBox>
#include <QSettings>
#include <QStorageInfo>

#include <algorithm>

namespace gsst {

MainWindow::MainWindow(TrainingService& service, Theme& theme, Places places)
    : m_service(service), m_theme(theme), m_places(std::move(places)), m_controller(service) {
    setWindowTitle(tr("GSST Studio"));
    setWindowIcon(tintedIcon("layers", theme.tokens().accent));
    setMinimumSize(1000, 640);
    resize(1280, 800);
    makePages();
    makeMenus();
    connect(&m_controller, &RunController::changed, this, &MainWindow::refresh);
    connect(&m_controller, &RunController::opened, this, [this] {
        m_secondsLeft = -1;
        m_loss = 0;
        showPage(PageId::Dashboard);
    });
    connect(&m_controller, &RunController::refused, this, [this] { showPage(PageId::Dashboard); });
    connect(&m_controller, &RunController::closed, this, [this] {
        if (m_leaving)
            close();
    });
    connect(&m_controller.bridge(), &EventBridge::stepDone, this, [this](const StepDone& step) {
        m_secondsLeft = step.secondsLeft;
        m_loss = step.loss;
    });
    connect(&m_controller.bridge(), &EventBridge::stateChanged, this, &MainWindow::refreshRuns);
    restoreGeometry(QSettings().value("window").toByteArray());
    for (QSplitter* splitter : m_dashboard->findChildren<QSplitter*>())
        splitter->restoreState(QSettings().value("splitters/" + splitter->objectName()).toByteArray());
    refreshRuns();
    refresh();
}

MainWindow::~MainWindow() = default;

void MainWindow::makePages() {
    auto* centre = new QWidget;
    auto* column = new QVBoxLayout(centre);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    auto* row = new QHBoxLayout;
    row->setSpacing(0);
    m_runs = new RunsPage(m_service, m_theme, m_places.machine);
    m_dashboard = new DashboardPage(m_controller, m_theme);
    m_computer = new ComputerPage(m_service, m_controller, m_theme, m_places.runsFolder);
    m_pageList = listPages();
    m_sidebar = new Sidebar(m_controller, m_theme, m_pageList);
    m_sidebar->setCurrent(PageId::Runs);
    row->addWidget(m_sidebar);
    m_pages = new QStackedWidget;
    for (const WindowPage& page : m_pageList)
        m_pages->addWidget(page.widget);
    m_pages->setCurrentWidget(m_runs);
    row->addWidget(m_pages, 1);
    column->addLayout(row, 1);
    m_strip = new StatusStrip(m_controller, m_theme);
    column->addWidget(m_strip);
    setCentralWidget(centre);
    // Nothing looks pressed or chosen before the first key.
    centre->setFocusPolicy(Qt::ClickFocus);
    centre->setFocus();
    connect(m_sidebar, &Sidebar::chosen, this, &MainWindow::showPage);
    connect(m_runs, &RunsPage::newRunRequested, this, [this] { newRun({}, false); });
    connect(m_runs, &RunsPage::sampleRequested, this, &MainWindow::startSample);
    connect(m_runs, &RunsPage::textDropped, this, [this](const auto& paths) { newRun(paths, false); });
    connect(m_runs, &RunsPage::openFolderRequested, this, &MainWindow::chooseRunFolder);
    connect(m_runs, &RunsPage::openRequested, this, &MainWindow::look);
    connect(m_runs, &RunsPage::resumeRequested, this, &MainWindow::resumeRun);
    connect(m_runs, &RunsPage::pauseRequested, &m_controller, &RunController::pauseNow);
}

std::vector<WindowPage> MainWindow::listPages() {
    return {{.id = PageId::Runs,
             .group = WindowPage::Group::Top,
             .icon = "runs",
             .title = tr("Runs"),
             .hint = {},
             .menuText = tr("&Runs"),
             .shortcut = QKeySequence("Ctrl+1"),
             .widget = m_runs,
             .enter = [this] { refreshRuns(); }},
            {.id = PageId::Dashboard,
             .group = WindowPage::Group::OpenRun,
             .icon = "dashboard",
             .title = tr("Dashboard"),
             .hint = {},
             .menuText = tr("&Dashboard"),
             .shortcut = QKeySequence("Ctrl+2"),
             .widget = m_dashboard,
             .enter = {}},
            {.id = PageId::Computer,
             .group = WindowPage::Group::Bottom,
             .icon = "chip",
             .title = tr("Computer"),
             .hint = tr("Measurements of this computer"),
             .menuText = tr("This &computer"),
             .shortcut = QKeySequence("Ctrl+6"),
             .widget = m_computer,
             .enter = [this] { m_computer->enter(); }}};
}

const WindowPage& MainWindow::pageOf(PageId id) const {
    const auto found =
        std::find_if(m_pageList.begin(), m_pageList.end(), [id](const WindowPage& page) { return page.id == id; });
    Q_ASSERT(found != m_pageList.end());
    return *found;
}

void MainWindow::makeMenus() {
    QMenu* file = menuBar()->addMenu(tr("&File"));
    file->addAction(tr("&New run…"), QKeySequence("Ctrl+N"), this, [this] { newRun({}, false); });
    file->addAction(tr("Try the &sample"), this, &MainWindow::startSample);
    file->addAction(tr("&Open run folder…"), QKeySequence("Ctrl+O"), this, &MainWindow::chooseRunFolder);
    file->addSeparator();
    file->addAction(tr("&Quit"), QKeySequence("Ctrl+Q"), this, &QWidget::close);

    QMenu* view = menuBar()->addMenu(tr("&View"));
    for (const WindowPage& page : m_pageList) {
        QAction* action = view->addAction(page.menuText, page.shortcut, this, [this, id = page.id] { showPage(id); });
        if (page.group == WindowPage::Group::OpenRun)
            m_openRunActions.push_back(action);
    }
    view->addAction(tr("&Fit the loss plot"), QKeySequence("F"), this, [this] { m_dashboard->loss().plot().fit(); });
    view->addAction(tr("&Export the plot…"), QKeySequence("Ctrl+E"), this,
                    [this] { m_dashboard->loss().exportFile(); });
    view->addSeparator();
    QMenu* themes = view->addMenu(tr("&Theme"));
    auto* group = new QActionGroup(this);
    const std::pair<QString, Theme::Choice> choices[] = {{tr("&System"), Theme::Choice::System},
                                                         {tr("&Light"), Theme::Choice::Light},
                                                         {tr("&Dark"), Theme::Choice::Dark}};
    for (const auto& [text, choice] : choices) {
        QAction* action = themes->addAction(text, this, [this, choice = choice] {
            QSettings().setValue("theme", int(choice));
            m_theme.choose(choice);
        });
        action->setCheckable(true);
        action->setChecked(m_theme.choice() == choice);
        group->addAction(action);
    }

    QMenu* run = menuBar()->addMenu(tr("&Run"));
    m_pauseAction = run->addAction(tr("&Pause"), QKeySequence("Ctrl+P"), this, &MainWindow::togglePause);
    m_sampleAction =
        run->addAction(tr("&Sample now"), QKeySequence("Ctrl+S"), &m_controller, &RunController::sampleNow);
    menuBar()->addMenu(tr("&Help"))->addAction(tr("&About GSST Studio"), this, &MainWindow::about);
}

void MainWindow::showPage(PageId page) {
    if (page == PageId::Dashboard && !m_controller.hasRun() && m_dashboard->notice().isHidden())
        page = PageId::Runs;
    const WindowPage& shown = pageOf(page);
    // The focus does not jump to whatever comes next on the other page.
    if (const QWidget* focus = focusWidget();
        shown.widget != m_pages->currentWidget() && focus && m_pages->isAncestorOf(focus))
        centralWidget()->setFocus();
    m_pages->setCurrentWidget(shown.widget);
    m_sidebar->setCurrent(page);
    if (shown.enter)
        shown.enter();
}

void MainWindow::newRun(const std::vector<std::filesystem::path>& text, bool sampleText) {
    if (m_wizard) {
        m_wizard->raise();
        return;
    }
    m_wizard = new NewRunWizard(m_service, m_theme, {m_places.runsFolder, m_places.machine, text, sampleText}, this);
    m_wizard->setAttribute(Qt::WA_DeleteOnClose);
    m_wizard->setWindowModality(Qt::WindowModal);
    connect(m_wizard, &NewRunWizard::startRequested, this, &MainWindow::start);
    connect(m_wizard, &QDialog::finished, this, [this] { m_wizard = nullptr; });
    m_wizard->show();
}

/// At once, without a question: the first loss point is to be seen within seconds of the click.
void MainWindow::startSample() {
    m_sampleJob.start([&service = m_service,
                       folder = m_places.runsFolder](std::stop_token) { return sampleRequest(service, folder); },
                      [this](Result<RunRequest> request) {
                          if (!request.ok()) {
                              auto* box = new QMessageBox(QMessageBox::NoIcon, tr("Try the sample"),
                                                          fromUtf8(request.error().text()), QMessageBox::Ok, this);
                              box->setIconPixmap(
                                  tintedPixmap("warning", m_theme.tokens().warning, 32, devicePixelRatioF()));
                              box->setAttribute(Qt::WA_DeleteOnClose);
                              box->open();
                              return;
                          }
                          OpenRunFacts facts;
                          facts.folder = request->runFolder;
                          facts.name = fromUtf8(request->runFolder.filename().string());
                          facts.origin = tr("From scratch · generated stories");
                          facts.steps = request->spec.training.steps;
                          start(*request, facts);
                      });
}

void MainWindow::start(const RunRequest& request, const OpenRunFacts& facts) {
    confirmThen(tr("start %1").arg(facts.name), [this, request, facts] { m_controller.start(request, facts); });
}

void MainWindow::confirmThen(const QString& deed, std::function<void()> go) {
    if (!m_controller.active() || m_controller.state() != RunState::Training)
        return go();
    auto* box = new QMessageBox(QMessageBox::NoIcon, tr("One run at a time"),
                                tr("%1 is training. Pause it and %2?").arg(m_controller.facts().name, deed),
                                QMessageBox::NoButton, this);
    box->setIconPixmap(tintedPixmap("pause", m_theme.tokens().accent, 32, devicePixelRatioF()));
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setInformativeText(tr("Nothing is lost: it goes on from its last commit whenever you resume it."));
    QPushButton* yes = box->addButton(tr("&Pause and go on"), QMessageBox::AcceptRole);
    box->addButton(tr("&Cancel"), QMessageBox::RejectRole);
    connect(yes, &QPushButton::clicked, this, [go = std::move(go)] { go(); });
    box->open();
}

void MainWindow::look(const RunInfo& run) {
    if (m_controller.hasRun() && run.folder == m_controller.facts().folder)
        return showPage(PageId::Dashboard);
    confirmThen(tr("open %1").arg(fromUtf8(run.name)), [this, run] {
        const bool finished = run.steps > 0 && run.step >= run.steps;
        m_controller.look({run.folder, fromUtf8(run.name), fromUtf8(run.title), run.lossHistory, run.step, run.steps},
                          !run.problem.empty() ? RunState::NeedsAttention
                          : finished           ? RunState::Finished
                                               : RunState::Paused,
                          run.step);
    });
}

void MainWindow::resumeRun(const RunInfo& run) {
    if (m_controller.hasRun() && run.folder == m_controller.facts().folder) {
        m_controller.resume();
        return showPage(PageId::Dashboard);
    }
    confirmThen(tr("resume %1").arg(fromUtf8(run.name)), [this, run] {
        m_controller.open({run.folder, fromUtf8(run.name), fromUtf8(run.title), run.lossHistory, run.step, run.steps});
    });
}

void MainWindow::chooseRunFolder() {
    auto* dialog = new QFileDialog(this, tr("Open a run folder"), fromPath(m_places.runsFolder));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& folder) {
        OpenRunFacts facts;
        facts.folder = toPath(folder);
        facts.name = fromPath(facts.folder.filename());
        facts.origin = folder;
        confirmThen(tr("open %1").arg(facts.name), [this, facts] { m_controller.open(facts); });
    });
    dialog->open();
}

void MainWindow::togglePause() {
    if (m_controller.state() == RunState::Training)
        m_controller.pauseNow();
    else
        m_controller.resume();
}

void MainWindow::refresh() {
    m_sidebar->refresh();
    const RunState state = m_controller.state();
    const bool run = m_controller.hasRun(), waiting = m_controller.waitingForPause() || m_controller.closing();
    const bool training = state == RunState::Training && m_controller.active();
    m_pauseAction->setText(training ? tr("&Pause") : tr("&Resume"));
    m_pauseAction->setEnabled(run && !waiting &&
                              (training || state == RunState::Paused || state == RunState::NeedsAttention));
    m_sampleAction->setEnabled(training && !waiting);
    for (QAction* action : m_openRunActions)
        action->setEnabled(run);
    setWindowTitle(run ? tr("%1 – GSST Studio").arg(m_controller.facts().name) : tr("GSST Studio"));
    m_runs->setLive({m_controller.facts().folder, state, m_controller.step(), m_controller.steps(), m_secondsLeft,
                     m_loss, run && m_controller.active()});
}

void MainWindow::refreshRuns() {
    m_runs->refresh(m_places.runsFolder);
    std::error_code ignored;
    std::filesystem::path folder = m_places.runsFolder;
    while (!folder.empty() && !std::filesystem::exists(folder, ignored) && folder != folder.parent_path())
        folder = folder.parent_path();
    const QStorageInfo drive(fromPath(folder));
    m_strip->setFreeDisk(drive.isValid() ? double(drive.bytesAvailable()) : -1);
}

void MainWindow::about() {
    auto* box = new QMessageBox(QMessageBox::NoIcon, tr("About GSST Studio"),
                                tr("GSST Studio trains language models larger than your memory, slice by slice."),
                                QMessageBox::Ok, this);
    box->setInformativeText(tr("Free software under the GNU General Public License, version 3 or later."));
    box->setIconPixmap(tintedPixmap("layers", m_theme.tokens().accent, 32, devicePixelRatioF()));
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->open();
}

void MainWindow::closeEvent(QCloseEvent* event) {
    QSettings settings;
    settings.setValue("window", saveGeometry());
    for (QSplitter* splitter : m_dashboard->findChildren<QSplitter*>())
        settings.setValue("splitters/" + splitter->objectName(), splitter->saveState());
    // A session pauses first, on its own thread; the window says so and closes when it is done.
    if (m_controller.active() || m_controller.closing()) {
        m_leaving = true;
        m_controller.close();
        event->ignore();
        return;
    }
    event->accept();
}

}  // namespace gsst
