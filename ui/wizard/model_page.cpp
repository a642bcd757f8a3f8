// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/wizard/model_page.h"

#include "ui/text/format.h"
#include "ui/wizard/choice_card.h"
#include "ui/wizard/text_file_model.h"

#include <QHeaderView>
#include <QPainter>

#include <algorithm>

namespace gsst {
namespace {

/// The first column: a radio mark, so that the choice is not shown by colour alone, the size and the name.
class ChoiceDelegate : public QStyledItemDelegate {
public:
    ChoiceDelegate(const Theme& theme, QObject* parent) : QStyledItemDelegate(parent), m_theme(theme) {}

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        QStyleOptionViewItem ground = option;
        initStyleOption(&ground, index);
        ground.text.clear();
        option.widget->style()->drawControl(QStyle::CE_ItemViewItem, &ground, painter, option.widget);
        const QRect rect = option.rect;
        const bool chosen = option.state & QStyle::State_Selected;
        paintRadio(*painter, QRect(rect.left() + 14, rect.center().y() - 8, 17, 17), m_theme.tokens(), chosen);
        const QFont strong = m_theme.font(TextSize::Body, QFont::DemiBold), plain = m_theme.font(TextSize::Body);
        const QString title = index.data(PresetModel::TitleRole).toString();
        QRect room = rect.adjusted(42, 0, -4, 0);
        painter->setPen(m_theme.tokens().text);
        painter->setFont(strong);
        painter->drawText(room, int(Qt::AlignVCenter | Qt::AlignLeft), index.data(PresetModel::CountRole).toString());
        room.adjust(countWidth(), 0, 0, 0);
        painter->setFont(plain);
        painter->drawText(room, int(Qt::AlignVCenter | Qt::AlignLeft),
                          QFontMetrics(plain).elidedText(title, Qt::ElideRight, room.width()));
    }
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        const QFontMetrics metrics(m_theme.font(TextSize::Body));
        return {metrics.horizontalAdvance(index.data(PresetModel::TitleRole).toString()) + countWidth() + 56,
                QStyledItemDelegate::sizeHint(option, index).height()};
    }

private:
    int countWidth() const {
        return QFontMetrics(m_theme.font(TextSize::Body, QFont::DemiBold)).horizontalAdvance("99.9 M") + 10;
    }

    const Theme& m_theme;
};

}  // namespace

ModelPage::ModelPage(WizardContext& context)
    : DraftPage(context, tr("How big a model?"),
                tr("Times are estimates for this PC; the next page shows what a size needs.")) {
    QVBoxLayout* inside = nullptr;
    auto* card = makeCard(inside, 6);
    m_model = new PresetModel(draft(), this);
    m_table = new QTableView;
    m_table->setModel(m_model);
    m_table->setAccessibleName(tr("Sizes"));
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setShowGrid(false);
    m_table->setTabKeyNavigation(false);
    m_table->setWordWrap(false);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setDefaultSectionSize(40);
    m_table->horizontalHeader()->setHighlightSections(false);
    m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_table->horizontalHeader()->setSectionResizeMode(PresetModel::Size, QHeaderView::Stretch);
    // The header's own font is not part of what the view measures.
    const QFontMetrics metrics(theme().font(TextSize::Hint, QFont::DemiBold));
    m_table->horizontalHeader()->setMinimumSectionSize(
        metrics.horizontalAdvance(m_model->headerData(PresetModel::Home, Qt::Horizontal, Qt::DisplayRole).toString()) +
        26);
    m_table->setItemDelegateForColumn(PresetModel::Size, new ChoiceDelegate(theme(), this));
    m_table->setItemDelegateForColumn(
        PresetModel::Verdict,
        new PillDelegate(theme(), [this](const QModelIndex& index) { return m_model->badge(index.row()); }, this));
    // Not currentRowChanged: a view that gets the focus makes some row the current one, and nobody has chosen it.
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this, [this] {
        const QModelIndexList rows = m_table->selectionModel()->selectedRows();
        if (m_selecting || rows.isEmpty())
            return;
        m_chosenByUser = true;
        choose(rows.front().row());
    });
    inside->addWidget(m_table);
    body().addWidget(card, 1);
    auto* row = new QHBoxLayout;
    row->addWidget(new IconLabel(theme(), "star", &ThemeTokens::info, 16), 0, Qt::AlignTop);
    m_note = makeLabel({}, "quiet", true);
    row->addWidget(m_note, 1);
    body().addLayout(row);
}

void ModelPage::enter() {
    const double text = draft().sampleText || !draft().summary ? 0 : double(draft().summary->usableBytes);
    if (draft().presets.empty() || text != m_plannedFor) {
        m_plannedFor = text;
        planAll();
    } else {
        select(draft().preset);
    }
    m_table->setFocus();
}

bool ModelPage::isComplete() const {
    const RunDraft& state = draft();
    return state.preset >= 0 && state.presetPlans[size_t(state.preset)].has_value() &&
           (m_chosenByUser || !m_job.busy());
}

void ModelPage::planAll() {
    m_note->setText(tr("Working out what each size needs…"));
    const auto report = m_job.reporter();
    m_job.start(
        [&service = service(), copy = draft(), report, this](std::stop_token stop) -> Status {
            RunDraft work = copy;
            GSST_ASSIGN(work.presets, service.presets());
            report([this, presets = work.presets] {
                draft().presets = presets;
                draft().presetPlans.assign(presets.size(), std::nullopt);
                if (draft().preset >= int(presets.size()))
                    draft().preset = -1;
                m_model->refresh();
                select(draft().preset);
            });
            for (size_t i = 0; i < work.presets.size() && !stop.stop_requested(); ++i) {
                const PlanPreview preview = previewOf(service, {adaptedToText(work.presets[i], work), work.place()});
                report([this, i, preview] { planned(i, preview); });
            }
            return {};
        },
        [this](const Status& status) {
            if (!status.ok())
                m_note->setText(fromUtf8(status.error().text()));
            else if (!m_chosenByUser || draft().preset < 0)
                select(suggestedPreset(draft()));
            if (status.ok())
                choose(draft().preset);
            emit completeChanged();
        });
}

void ModelPage::planned(size_t index, const PlanPreview& plan) {
    draft().presetPlans[index] = plan;
    const int row = int(index);
    emit m_model->dataChanged(m_model->index(row, 0), m_model->index(row, PresetModel::ColumnCount - 1));
    emit completeChanged();
}

void ModelPage::select(int row) {
    if (row < 0 || row >= m_model->rowCount())
        return;
    m_selecting = true;
    m_table->selectRow(row);
    m_selecting = false;
    choose(row);
}

void ModelPage::choose(int row) {
    if (row < 0)
        return;
    const bool other = draft().preset != row;
    draft().preset = row;
    const RunSpec adapted = adaptedToText(draft().presets[size_t(row)], draft());
    // The same preset for the same text keeps what later pages changed.
    if (other || adapted != draft().recommended) {
        draft().recommended = adapted;
        draft().spec = adapted;
        draft().plan.reset();
    }
    describe();
    emit completeChanged();
}

void ModelPage::describe() {
    const RunSpec& spec = draft().spec;
    const double passes = draft().passes(spec);
    QString text =
        tr("%1 steps of %2 tokens.")
            .arg(numberText(double(spec.training.steps), 0), numberText(double(spec.training.tokensPerStep()), 0));
    if (passes > 0)
        text +=
            " " + (passes < 0.95
                       ? tr("That is less than one pass over your text.")
                       : tr("That is about %1 passes over your text.").arg(numberText(passes, passes < 10 ? 1 : 0)));
    const auto& plan = draft().presetPlans[size_t(draft().preset)];
    if (plan && !plan->fits)
        text = fromUtf8(plan->problem) + ". " + tr("The next page shows what would be enough.");
    else if (plan)
        text += " " + planWarnings(*plan);
    m_note->setText(text.trimmed());
}

}  // namespace gsst
