// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dashboard/slice_words.h"

#include <QCoreApplication>

namespace gsst {
namespace {

QString words(const char* text) {
    return QCoreApplication::translate("SliceWords", text);
}

QString part(const SliceInfo& slice, const QString& whole) {
    return slice.parts == 1 ? whole : words("%1, part %2 of %3").arg(whole).arg(slice.part).arg(slice.parts);
}

QStringList partLabels(const SliceInfo& slice, const QStringList& names, const QString& letter) {
    if (slice.parts == 1)
        return names;
    QStringList labels;
    for (const QString& name : names)
        labels << QString("%1 %2/%3").arg(name).arg(slice.part).arg(slice.parts);
    return labels << letter + QString::number(slice.part);
}

}  // namespace

QString sliceWords(const SliceInfo& slice) {
    const int first = slice.firstLayer, last = slice.lastLayer;
    switch (slice.kind) {
    case SliceInfo::Kind::Embedding:
        return part(slice, words("embedding"));
    case SliceInfo::Kind::Head:
        return part(slice, words("head"));
    case SliceInfo::Kind::HeadNorm:
        return words("norm of the head");
    case SliceInfo::Kind::Attention:
        return words("attention of layer %1").arg(first);
    case SliceInfo::Kind::Mlp:
        return words("MLP of layer %1").arg(first);
    case SliceInfo::Kind::Layers:
        break;
    }
    return first == last ? words("layer %1").arg(first) : words("layers %1 to %2").arg(first).arg(last);
}

QStringList sliceLabels(const SliceInfo& slice) {
    const int first = slice.firstLayer, last = slice.lastLayer;
    switch (slice.kind) {
    case SliceInfo::Kind::Embedding:
        return partLabels(slice, {words("embedding"), words("embed")}, words("e"));
    case SliceInfo::Kind::Head:
        return partLabels(slice, {words("head")}, words("h"));
    case SliceInfo::Kind::HeadNorm:
        return {words("head norm"), words("norm"), words("n")};
    case SliceInfo::Kind::Attention:
        return {words("attention %1").arg(first), words("att %1").arg(first), words("%1a").arg(first)};
    case SliceInfo::Kind::Mlp:
        return {words("MLP %1").arg(first), words("%1m").arg(first)};
    case SliceInfo::Kind::Layers:
        break;
    }
    const QString numbers = first == last ? QString::number(first) : QString("%1–%2").arg(first).arg(last);
    return {first == last ? words("layer %1").arg(numbers) : words("layers %1").arg(numbers), numbers};
}

}  // namespace gsst
