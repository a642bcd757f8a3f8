// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QAbstractButton>

#include <filesystem>
#include <vector>

namespace gsst {

/// A big button with icon, headline and hint: a door of the start page, or a place to drop files and folders on. Works
/// by mouse, keyboard and drag and drop alike.
class Door : public QAbstractButton {
    Q_OBJECT
public:
    enum class Look { Primary, Plain, Drop };
    struct Words {
        QString icon, title, hint;
    };

    Door(const Theme& theme, Look look, const Words& words, QWidget* parent = nullptr);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;
    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override;

signals:
    void dropped(const std::vector<std::filesystem::path>& paths);

protected:
    void paintEvent(QPaintEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dragLeaveEvent(QDragLeaveEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void paintGround(QPainter& painter) const;
    QRect textRect(int width) const;
    int textHeight(int width) const;

    const Theme& m_theme;
    Look m_look;
    Words m_words;
    bool m_dragOver = false;
};

}  // namespace gsst
