// SPDX-License-Identifier: GPL-3.0-or-later
// What the wizard works on, without windows: the draft of a run and its command line.
#include "tests/ui/fake_service.h"
#include "ui/draft/run_draft.h"
#include "ui/text/format.h"

#include <QTest>

using namespace gsst;

namespace {

RunDraft draftWithText(uint64_t bytes) {
    RunDraft draft;
    draft.presets = *FakeService().presets();
    draft.preset = 1;
    draft.text = {"/texts/a file.txt"};
    TextSummary summary;
    summary.usableBytes = bytes;
    summary.suggestedVocabulary = 4000;
    draft.summary = summary;
    draft.recommended = draft.spec = adaptedToText(draft.presets[1], draft);
    draft.runsFolder = "/runs";
    draft.runFolder = "/runs/mine";
    return draft;
}

}  // namespace

class PartsTest : public QObject {
    Q_OBJECT
private slots:
    void draftAdaptsToText();
    void suggestionSuitsTheText();
    void commandLineIsShort();
    void commandLineHasTheChoices();
    void commandLineCarriesTheRecipe();
};

void PartsTest::draftAdaptsToText() {
    const RunDraft draft = draftWithText(3'600'000);
    QCOMPARE(draft.spec.model.vocabulary, int64_t(4000));
    QVERIFY(draft.spec.training.steps < draft.presets[1].training.steps);
    QVERIFY(draft.passes(draft.spec) < 10.1);
    QVERIFY(draft.spec.training.warmupSteps <= draft.spec.training.steps);
    RunDraft sample = draft;
    sample.sampleText = true;
    QVERIFY(adaptedToText(sample.presets[1], sample) == sample.presets[1]);
    QVERIFY(requestOf(sample).text.empty());
}

void PartsTest::suggestionSuitsTheText() {
    FakeService service;
    RunDraft draft = draftWithText(1'000'000);
    const auto planAll = [&] {
        draft.presetPlans.clear();
        for (const RunSpec& preset : draft.presets) {
            draft.presetPlans.push_back(*service.previewPlan({adaptedToText(preset, draft)}));
            draft.presetPlans.back()->totalSeconds = 60;
        }
    };
    planAll();
    QCOMPARE(suggestedPreset(draft), 0);  // a million bytes teach a hundred million parameters nothing
    draft.summary->usableBytes = 100'000'000'000;
    planAll();
    QCOMPARE(suggestedPreset(draft), int(draft.presets.size()) - 1);
    draft.presetPlans.back()->fits = false;
    QCOMPARE(suggestedPreset(draft), int(draft.presets.size()) - 2);
    draft.sampleText = true;
    QCOMPARE(suggestedPreset(draft), 0);
}

void PartsTest::commandLineIsShort() {
    RunDraft draft = draftWithText(360'000'000'000);
    draft.spec.budget.deviceBytes = 4096;
    QCOMPARE(
        commandLineOf(draft),
        QString(
            "gsst train --preset gpt2-124m --vocabulary 4000 --vram 4KiB --text '/texts/a file.txt' --run /runs/mine"));
}

void PartsTest::commandLineHasTheChoices() {
    RunDraft draft = draftWithText(360'000'000'000);
    draft.spec.training.state = StatePreset::Mixed;
    draft.spec.training.precision = Precision::Fp16;
    draft.spec.training.clip = ClipKind::PreviousNorm;
    draft.spec.budget.residency = ResidencyChoice::Disk;
    draft.spec.budget.update = UpdateChoice::Deferred;
    draft.spec.budget.gradients = GradientChoice::Disk;
    draft.spec.budget.activations = ActivationChoice::Recompute;
    const QString command = commandLineOf(draft);
    QVERIFY2(command.contains("--precision fp16 --state mixed --clip previous --residency disk --update deferred "
                              "--gradients disk --activations recompute"),
             qPrintable(command));
    draft.spec.training.clipNorm = 0;
    draft.spec.training.clip = ClipKind::Global;
    QVERIFY(commandLineOf(draft).contains("--clip-norm 0"));
}

void PartsTest::commandLineCarriesTheRecipe() {
    RunDraft draft = draftWithText(360'000'000'000);
    draft.sampleText = true;
    draft.spec.training.learningRate = 0.5;
    draft.spec.model.layers = 3;
    draft.name = "It's mine";
    QCOMPARE(commandLineOf(draft), QString("gsst train --preset gpt2-124m --title 'It'\\''s mine' --layers 3 "
                                           "--vocabulary 4000 --learning-rate 0.5 --min-learning-rate 1e-04 "
                                           "--sample-text --run /runs/mine"));
}

QTEST_GUILESS_MAIN(PartsTest)
#include "parts_test.moc"
