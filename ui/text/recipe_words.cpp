// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/text/recipe_words.h"

#include <QCoreApplication>

#include <algorithm>
#include <limits>

namespace gsst {
namespace {

QString translated(const char* words) {
    return QCoreApplication::translate("Recipe", words);
}

}  // namespace

QString fieldLabel(const char* path) {
    return translated(findRecipeField(path)->label);
}

QString fieldLabel(const char* path, char key) {
    QString label = fieldLabel(path);
    const qsizetype at = label.indexOf(QChar(key), 0, Qt::CaseInsensitive);
    return at < 0 ? label : label.insert(at, '&');
}

QString choiceName(const Choice& choice) {
    return translated(choice.name);
}

QString choiceMeaning(const Choice& choice) {
    return translated(choice.meaning);
}

std::pair<int, int> fieldRange(const char* path) {
    const auto& number = std::get<WholeNumber>(findRecipeField(path)->kind);
    constexpr int64_t kMost = std::numeric_limits<int>::max();
    return {int(std::min(number.least, kMost)), int(std::min(number.most, kMost))};
}

}  // namespace gsst
