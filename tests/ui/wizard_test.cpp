// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/fake_service.h"
#include "tests/ui/window_helpers.h"
#include "ui/widgets/disclosure.h"
#include "ui/widgets/drop_area.h"
#include "ui/wizard/budget_page.h"
#include "ui/wizard/memory_bar.h"
#include "ui/wizard/new_run_wizard.h"
#include "ui/wizard/setting_card.h"

#include <QClipboard>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QDropEvent>
#include <QMimeData>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>
#include <QThreadPool>

using namespace gsst;

Q_DECLARE_METATYPE(gsst::RunRequest)
Q_DECLARE_METATYPE(gsst::OpenRunFacts)

class WizardTest : public QObject {
    Q_OBJECT
private slots:
    void init();
    void cleanup();
    void enterReachesStart();
    void sampleNeedsNoText();
    void focusChoosesNoModel();
    void backKeepsValues();
    void overBudgetBlocksNext();
    void barsSumToThePlan();
    void unusableFilesStayListed();
    void dropAddsText();
    void changedIsMarkedAndReset();
    void slidersDoNotBlock();
    void usedFolderBlocksStart();
    void copiesTheCommand();
    void advancedIsClosedAndReplans();
    void refusedChoiceTellsWhy();
    void whyIsAskedWhenOpened();
    void saysWhetherTheDriveWasMeasured();

private:
    NewRunWizard& open(std::vector<std::filesystem::path> text, bool sample = false);
    bool waitComplete() {
        return QTest::qWaitFor([this] { return m_wizard->currentPage()->isComplete(); }, 5000);
    }
    void enter() {
        QTest::keyClick(QApplication::focusWidget() ? QApplication::focusWidget() : m_wizard.get(), Qt::Key_Return);
    }
    void goTo(int page);
    QAbstractButton* next() { return m_wizard->button(QWizard::NextButton); }

    std::unique_ptr<FakeService> m_service;
    std::unique_ptr<Theme> m_theme;
    std::unique_ptr<NewRunWizard> m_wizard;
};

void WizardTest::init() {
    m_service = std::make_unique<FakeService>();
    m_theme = std::make_unique<Theme>(*qApp);
    m_theme->choose(Theme::Choice::Light);
}

void WizardTest::cleanup() {
    m_wizard.reset();
    QThreadPool::globalInstance()->waitForDone();
    m_theme.reset();
}

NewRunWizard& WizardTest::open(std::vector<std::filesystem::path> text, bool sample) {
    m_wizard = std::make_unique<NewRunWizard>(
        *m_service, *m_theme,
        NewRunWizard::Start{"/nowhere/runs", {int64_t(32) << 30, int64_t(24) << 30, 8}, std::move(text), sample});
    m_wizard->show();
    m_wizard->activateWindow();
    [[maybe_unused]] const bool active = QTest::qWaitForWindowActive(m_wizard.get(), 1000);
    return *m_wizard;
}

void WizardTest::goTo(int page) {
    while (m_wizard->currentId() < page) {
        QVERIFY(waitComplete());
        m_wizard->next();
    }
    QVERIFY(waitComplete());
}

void WizardTest::enterReachesStart() {
    NewRunWizard& wizard = open({"/texts/story.txt"});
    QSignalSpy starts(&wizard, &NewRunWizard::startRequested);
    for (int page = 0; page < 5; ++page) {
        QCOMPARE(wizard.currentId(), page);
        QVERIFY2(waitComplete(), qPrintable(QString("page %1 is never complete").arg(page)));
        enter();
    }
    QCOMPARE(starts.count(), 1);
    QVERIFY(!wizard.isVisible());
    const RunRequest request = requestOf(wizard.draft());
    QCOMPARE(request.text.size(), size_t(1));
    QCOMPARE(request.runFolder.parent_path(), std::filesystem::path("/nowhere/runs"));
    QVERIFY(validate(request.spec, "test").ok());
}

void WizardTest::sampleNeedsNoText() {
    NewRunWizard& wizard = open({}, true);
    goTo(SummaryPageId);
    QVERIFY(requestOf(wizard.draft()).sampleText);
    NewRunWizard& empty = open({});
    QTest::qWait(20);
    QVERIFY(!empty.currentPage()->isComplete());
    QVERIFY(!next()->isEnabled());
}

void WizardTest::focusChoosesNoModel() {
    NewRunWizard& wizard = open({"/texts/story.txt"});
    m_service->previewTakes = std::chrono::milliseconds(30);
    QVERIFY(waitComplete());
    wizard.next();
    auto* sizes = wizard.currentPage()->findChild<QTableView*>();
    QTRY_VERIFY(sizes->model()->rowCount() > 2);
    // As when the window comes to the front while the sizes are still worked out.
    sizes->clearFocus();
    sizes->setFocus();
    QVERIFY(waitComplete());
    const int suggested = suggestedPreset(wizard.draft());
    QCOMPARE(wizard.draft().preset, suggested);
    QVERIFY(sizes->selectionModel()->isRowSelected(suggested));
    QTest::keyClick(sizes, Qt::Key_Down);
    QCOMPARE(wizard.draft().preset, suggested + 1);
}

void WizardTest::backKeepsValues() {
    NewRunWizard& wizard = open({"/texts/story.txt"});
    goTo(TrainingPageId);
    auto* steps = wizard.currentPage()->findChild<QSpinBox*>();
    steps->setValue(123);
    QVERIFY(waitComplete());
    const auto model = wizard.draft().preset;
    for (int page = TrainingPageId; page > 0; --page)
        wizard.back();
    QCOMPARE(wizard.currentId(), 0);
    goTo(TrainingPageId);
    QCOMPARE(wizard.draft().preset, model);
    QCOMPARE(wizard.currentPage()->findChild<QSpinBox*>()->value(), 123);
    QCOMPARE(wizard.draft().spec.training.steps, int64_t(123));
}

void WizardTest::overBudgetBlocksNext() {
    NewRunWizard& wizard = open({"/texts/story.txt"});
    goTo(BudgetPageId);
    QWidget* page = wizard.currentPage();
    auto* limit = page->findChild<LimitCard*>()->findChild<QDoubleSpinBox*>();
    limit->setValue(0.01);
    QVERIFY(!next()->isEnabled());
    QTRY_VERIFY(wizard.draft().plan.has_value());
    QVERIFY(!wizard.draft().plan->fits);
    QVERIFY(!next()->isEnabled());
    enter();
    QCOMPARE(wizard.currentId(), int(BudgetPageId));
    QStringList words;
    for (const QLabel* label : page->findChildren<QLabel*>())
        if (label->isVisible())
            words << label->text();
    QVERIFY(words.join('\n').contains("one slice alone needs more"));
    QPushButton* use = nullptr;
    for (QPushButton* button : page->findChildren<QPushButton*>())
        if (button->isVisible() && button->text().contains("smallest"))
            use = button;
    QVERIFY(use);
    use->click();
    QVERIFY(waitComplete());
    QVERIFY(next()->isEnabled());
    QVERIFY(wizard.draft().spec.budget.deviceBytes >= FakeService::deviceNeed(wizard.draft().spec));
}

void WizardTest::barsSumToThePlan() {
    NewRunWizard& wizard = open({"/texts/story.txt"});
    goTo(BudgetPageId);
    const auto cards = wizard.currentPage()->findChildren<LimitCard*>();
    QCOMPARE(cards.size(), 3);
    const PlanPreview& plan = *wizard.draft().plan;
    QCOMPARE(cards[0]->bar().shownBytes(), plan.devicePeakBytes);
    QCOMPARE(cards[1]->bar().shownBytes(), plan.ramPeakBytes);
    QCOMPARE(cards[2]->bar().shownBytes(), plan.diskBytes);
}

void WizardTest::unusableFilesStayListed() {
    NewRunWizard& wizard = open({"/texts/scan.pdf"});
    QTRY_VERIFY(wizard.draft().summary.has_value());
    QVERIFY(!wizard.currentPage()->isComplete());
    QCOMPARE(wizard.currentPage()->findChild<QTableView*>()->model()->rowCount(), 1);
    QStringList words;
    for (const QLabel* label : wizard.currentPage()->findChildren<QLabel*>())
        words << label->text();
    QVERIFY(words.join('\n').contains("PDF has no plain text"));
}

void WizardTest::dropAddsText() {
    NewRunWizard& wizard = open({});
    auto* door = wizard.currentPage()->findChild<Door*>();
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile("/texts/one.txt"), QUrl::fromLocalFile("/texts/folder"),
                  QUrl("https://example.org/two.txt")});
    QDragEnterEvent enterEvent(QPoint(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(door, &enterEvent);
    QVERIFY(enterEvent.isAccepted());
    QDropEvent drop(QPointF(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(door, &drop);
    QCOMPARE(wizard.draft().text.size(), size_t(2));
    QVERIFY(waitComplete());
}

void WizardTest::changedIsMarkedAndReset() {
    NewRunWizard& wizard = open({"/texts/story.txt"});
    goTo(TrainingPageId);
    const auto cards = wizard.currentPage()->findChildren<SettingCard*>();
    QCOMPARE(cards.size(), 5);
    for (SettingCard* card : cards)
        QVERIFY(!card->changed());
    auto* rate = cards[2]->findChild<QLineEdit*>();
    const QString before = rate->text();
    rate->selectAll();
    QTest::keyClicks(rate, "0.05");
    QVERIFY(cards[2]->changed());
    QCOMPARE(wizard.draft().spec.training.learningRate, 0.05);
    cards[2]->findChild<QPushButton*>()->click();
    QVERIFY(!cards[2]->changed());
    QCOMPARE(rate->text(), before);
    QVERIFY(wizard.draft().spec.training == wizard.draft().recommended.training);
}

void WizardTest::slidersDoNotBlock() {
    NewRunWizard& wizard = open({"/texts/story.txt"});
    goTo(BudgetPageId);
    m_service->previewTakes = std::chrono::milliseconds(60);
    const int before = m_service->previews;
    auto* slider = wizard.currentPage()->findChild<LimitCard*>()->findChild<QSlider*>();
    for (int tick = 300; tick < 400; ++tick) {
        slider->setValue(tick);
        QApplication::processEvents();
    }
    QVERIFY(waitComplete());
    QVERIFY2(m_service->previews - before < 50, "a tick does not wait for the plan of the one before");
    QVERIFY(wizard.draft().spec.budget.deviceBytes > 0);
    QCOMPARE(wizard.currentPage()->findChild<LimitCard*>()->limit(), wizard.draft().spec.budget.deviceBytes);
}

void WizardTest::usedFolderBlocksStart() {
    NewRunWizard& wizard = open({"/texts/story.txt"});
    goTo(SummaryPageId);
    const auto fields = wizard.currentPage()->findChildren<QLineEdit*>();
    fields[1]->selectAll();
    QTest::keyClicks(fields[1], "/usr");
    QVERIFY(!wizard.button(QWizard::FinishButton)->isEnabled());
    fields[1]->selectAll();
    QTest::keyClicks(fields[1], "/nowhere/else");
    QTRY_VERIFY(wizard.button(QWizard::FinishButton)->isEnabled());
    QCOMPARE(m_service->lastFolder(), std::filesystem::path("/nowhere/else"));
    QCOMPARE(requestOf(wizard.draft()).runFolder, std::filesystem::path("/nowhere/else"));
}

void WizardTest::copiesTheCommand() {
    NewRunWizard& wizard = open({"/texts/story.txt"});
    goTo(SummaryPageId);
    wizard.button(QWizard::CustomButton1)->click();
    QVERIFY(QApplication::clipboard()->text().contains("gsst train "));
}

void WizardTest::advancedIsClosedAndReplans() {
    NewRunWizard& wizard = open({"/texts/story.txt"});
    goTo(BudgetPageId);
    auto* advanced = wizard.currentPage()->findChildren<Disclosure*>().front();
    const QList<QComboBox*> fields = advanced->findChildren<QComboBox*>();
    QVERIFY(!advanced->isOpen());
    QCOMPARE(fields.size(), 7);
    QVERIFY(!fields[0]->isVisible());
    advanced->head().setFocus();
    QTest::keyClick(&advanced->head(), Qt::Key_Space);
    QVERIFY(fields[0]->isVisible());
    for (QComboBox* field : fields) {
        const int before = m_service->previews;
        QTest::keyClick(field, Qt::Key_Down);
        QTRY_VERIFY(m_service->previews > before);
        QVERIFY(waitComplete());
    }
    const RunSpec seen = m_service->lastPreviewed();
    QCOMPARE(seen.training.state, StatePreset::Mixed);
    QCOMPARE(seen.training.precision, Precision::Bf16);
    QCOMPARE(seen.budget.activations, ActivationChoice::Recompute);
    QCOMPARE(seen.budget.residency, ResidencyChoice::Disk);
    QCOMPARE(seen.budget.update, UpdateChoice::Deferred);
    QCOMPARE(seen.budget.gradients, GradientChoice::Disk);
    QCOMPARE(seen.training.clip, ClipKind::PreviousNorm);
    // Kept when the page comes up again.
    goTo(SummaryPageId);
    wizard.back();
    wizard.back();
    QCOMPARE(fields[0]->currentIndex(), 1);
    auto* card = advanced->findChildren<SettingCard*>().front();
    QVERIFY(card->changed());
    emit card->reset();
    QTRY_COMPARE(m_service->lastPreviewed().training.state, StatePreset::Exact);
    QVERIFY(!card->changed());
    // No bound at all, and back to one.
    fields.back()->setCurrentIndex(3);
    QTRY_COMPARE(m_service->lastPreviewed().training.clipNorm, 0.0);
    fields.back()->setCurrentIndex(0);
    QTRY_VERIFY(m_service->lastPreviewed().training.clipNorm > 0);
}

void WizardTest::refusedChoiceTellsWhy() {
    NewRunWizard& wizard = open({"/texts/story.txt"});
    m_service->refuseResidency = ResidencyChoice::Resident;
    goTo(BudgetPageId);
    auto* advanced = wizard.currentPage()->findChildren<Disclosure*>().front();
    advanced->setOpen(true);
    advanced->findChildren<QComboBox*>()[3]->setCurrentIndex(2);
    const auto told = [&] {
        for (const QLabel* label : wizard.currentPage()->findChildren<QLabel*>())
            if (label->isVisible() && label->text().contains("The state does not fit into RAM"))
                return true;
        return false;
    };
    QTRY_VERIFY(told());
    QVERIFY(!next()->isEnabled());
    advanced->findChildren<QComboBox*>()[3]->setCurrentIndex(0);
    QVERIFY(waitComplete());
    QVERIFY(!told());
}

void WizardTest::whyIsAskedWhenOpened() {
    NewRunWizard& wizard = open({"/texts/story.txt"});
    goTo(BudgetPageId);
    auto* why = wizard.currentPage()->findChildren<Disclosure*>().back();
    QTest::qWait(50);
    QCOMPARE(m_service->explanations.load(), 0);
    why->setOpen(true);
    const auto says = [why](const QString& text) {
        for (const QLabel* label : why->findChildren<QLabel*>())
            if (label->isVisible() && label->text().contains(text))
                return true;
        return false;
    };
    QTRY_VERIFY(says("RAM 9, disk 5"));
    QVERIFY(says("RAM is used up by what is needed more often"));
    QVERIFY(says("1 GiB more RAM"));
    const int before = m_service->explanations;
    wizard.currentPage()->findChildren<QDoubleSpinBox*>().front()->setValue(8);
    QTRY_VERIFY(m_service->explanations > before);
}

void WizardTest::saysWhetherTheDriveWasMeasured() {
    const auto says = [this](const QString& text) {
        for (const QLabel* label : m_wizard->currentPage()->findChildren<QLabel*>())
            if (label->isVisible() && label->text().contains(text))
                return true;
        return false;
    };
    for (const bool measured : {false, true}) {
        m_service->driveMeasured = measured;
        NewRunWizard& wizard = open({"/texts/story.txt"});
        goTo(ModelPageId);
        auto* sizes = wizard.currentPage()->findChild<QTableView*>();
        sizes->selectRow(sizes->model()->rowCount() - 1);  // 7B: streamed
        QCOMPARE(says("has not been measured"), !measured);
        goTo(BudgetPageId);
        QCOMPARE(m_service->lastFolder(), std::filesystem::path("/nowhere/runs"));
        QCOMPARE(says("has not been measured"), !measured);
        QCOMPARE(says("MB/s reading"), !measured);
        QCOMPARE(says("The page This computer measures the drive"), !measured);
        goTo(SummaryPageId);
        QCOMPARE(says("The drive has not been measured"), !measured);
        QCOMPARE(says("The drive was measured"), measured);
        QVERIFY2(wizard.currentPage()->isComplete(), "it is no reason not to start");
        // What stays in RAM does not wait for the drive.
        while (wizard.currentId() != ModelPageId)
            wizard.back();
        sizes->selectRow(0);
        QVERIFY(!says("has not been measured"));
        goTo(SummaryPageId);
        QVERIFY(!says("The drive"));
    }
}

QTEST_MAIN(WizardTest)
#include "wizard_test.moc"
