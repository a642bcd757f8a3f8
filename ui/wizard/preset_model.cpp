// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/wizard/preset_model.h"

#include "ui/text/format.h"

namespace gsst {
namespace {

constexpr double kLong = 24 * 3600;

}  // namespace

void PresetModel::refresh() {
    beginResetModel();
    endResetModel();
}

PillLook PresetModel::badge(int row) const {
    const auto& plan = m_draft.presetPlans[size_t(row)];
    if (!plan)
        return {"hourglass", tr("Working it out"), &ThemeTokens::text2, &ThemeTokens::neutralTint};
    if (!plan->fits)
        return {"cross", tr("Too large here"), &ThemeTokens::error, &ThemeTokens::errorTint};
    if (row == suggestedPreset(m_draft))
        return {"star", tr("Suggested"), &ThemeTokens::info, &ThemeTokens::infoTint};
    if (plan->totalSeconds > kLong)
        return {"warning", tr("Over a day"), &ThemeTokens::warning, &ThemeTokens::warningTint};
    return plan->streamed ? PillLook{"check", tr("Streams from disk"), &ThemeTokens::ok, &ThemeTokens::okTint}
                          : PillLook{"check", tr("Fits in memory"), &ThemeTokens::ok, &ThemeTokens::okTint};
}

QString PresetModel::title(int row) const {
    const RunSpec& spec = m_draft.presets[size_t(row)];
    return fromUtf8(spec.title.empty() ? spec.name : spec.title);
}

QString PresetModel::count(int row) const {
    const auto& plan = m_draft.presetPlans[size_t(row)];
    return plan && plan->parameters > 0 ? countText(double(plan->parameters)) : QString();
}

QString PresetModel::cell(int row, int column) const {
    const RunSpec& spec = m_draft.presets[size_t(row)];
    const auto& plan = m_draft.presetPlans[size_t(row)];
    const bool fits = plan && plan->fits;
    switch (column) {
    case Size:
        return count(row).isEmpty() ? title(row) : tr("%1, %2").arg(title(row), count(row));
    case Shape:
        return tr("%1 × %2").arg(numberText(double(spec.model.layers), 0), numberText(double(spec.model.width), 0));
    case Home:
        return !fits ? tr("–") : plan->streamed ? tr("Disk") : tr("RAM");
    case Speed:
        return fits ? numberText(plan->tokensPerSecond, 0) : tr("–");
    case Time:
        return fits ? durationText(plan->totalSeconds) : tr("–");
    case Verdict:
        return badge(row).text;
    default:
        return {};
    }
}

QVariant PresetModel::data(const QModelIndex& index, int role) const {
    if (role == Qt::DisplayRole || role == Qt::AccessibleTextRole)
        return cell(index.row(), index.column());
    if (role == CountRole)
        return count(index.row());
    if (role == TitleRole)
        return title(index.row());
    if (role == Qt::ToolTipRole) {
        const auto& plan = m_draft.presetPlans[size_t(index.row())];
        return plan && !plan->problem.empty() ? fromUtf8(plan->problem) : cell(index.row(), index.column());
    }
    if (role == Qt::TextAlignmentRole && (index.column() == Speed || index.column() == Time))
        return int(Qt::AlignRight | Qt::AlignVCenter);
    return {};
}

QVariant PresetModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return int((section == Speed || section == Time ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Size:
        return tr("Model");
    case Shape:
        return tr("Layers × width");
    case Home:
        return tr("Lives in");
    case Speed:
        return tr("Tokens/s");
    case Time:
        return tr("Whole run");
    default:
        return tr("On this PC");
    }
}

}  // namespace gsst
